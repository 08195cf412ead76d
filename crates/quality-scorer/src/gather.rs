//! What the function reads before anything is scored.

mod aws;
mod bodies;
mod evidence;
mod judge;
mod models;
mod records;
mod time;
mod troubles;

pub(crate) use bodies::{Bodies, complete};
pub(crate) use evidence::{Gathering, Looked, of_batch};
pub(crate) use judge::{Judge, Manners};
pub(crate) use models::Models;
pub(crate) use records::{Batch, Records, Source};
pub(crate) use time::Time;
pub(crate) use troubles::Troubles;
