//! `freeze` and `thaw`: the machine's services stand still, and go on.

use super::{Stop, Tool};
use crate::machine::protocol::{Answer, Request};

pub(super) fn freeze(tool: &Tool) -> Result<u8, Stop> {
    switch(tool, &Request::Freeze)
}

pub(super) fn thaw(tool: &Tool) -> Result<u8, Stop> {
    switch(tool, &Request::Thaw)
}

fn switch(tool: &Tool, request: &Request) -> Result<u8, Stop> {
    match tool.ask(request)? {
        Answer::Refused(cause) => Err(Stop::new(1, cause)),
        _ => Ok(0),
    }
}
