//! Runs futures to completion.

use std::cell::LazyCell;

use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: LazyCell<Runtime> =
        const { LazyCell::new(|| Builder::new_current_thread().enable_time().build().unwrap()) };
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.with(|runtime| runtime.block_on(future))
}
