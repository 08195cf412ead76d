//! What is read before anything is decided; one module for each duty of the function.

pub(crate) mod contacts;
