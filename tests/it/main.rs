//! The charm's decisions, on a model of the world: no program runs here.
//!
//! Each invariant of ARCHITECTURE.md that can be shown without programs is a test of that name.

mod cuts;
mod flows;
mod model;
mod plans;
mod secrets;
mod statuses;
mod structure;
mod voters;
mod wakes;
