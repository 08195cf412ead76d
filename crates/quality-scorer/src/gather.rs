//! What the function reads before anything is scored.

mod aws;
mod bodies;
mod evidence;
mod judge;
mod models;
mod records;

pub(crate) use bodies::{Bodies, complete};
pub(crate) use evidence::{Looked, of_batch};
pub(crate) use judge::Judge;
pub(crate) use models::Models;
pub(crate) use records::{Batch, Records, Source};
