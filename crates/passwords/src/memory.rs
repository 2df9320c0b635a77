//! The memory Argon2 works in, kept between hashes.
//!
//! Fresh memory costs page faults at every hash and fragments the heap. At most as many buffers
//! are kept as hashes run at once, none larger than today's parameters need, and all are wiped.

use std::sync::{Mutex, PoisonError};

use argon2::Block;

/// Buffers that are not in use.
pub(crate) struct Memory {
    idle: Mutex<Vec<Vec<Block>>>,
    /// The blocks that a hash with today's parameters needs.
    usual: usize,
    most_idle: usize,
}

impl Memory {
    pub(crate) fn new(usual: usize, most_idle: usize) -> Self {
        Self { idle: Mutex::new(Vec::new()), usual, most_idle }
    }

    /// Lends a buffer of `blocks` blocks to `work`.
    pub(crate) fn lend<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let mut buffer = self.idle().pop().unwrap_or_default();
        if buffer.len() < blocks {
            buffer.resize(blocks, Block::new());
        }
        let result = work(&mut buffer[..blocks]);
        self.take_back(buffer, blocks);
        result
    }

    fn take_back(&self, mut buffer: Vec<Block>, used: usize) {
        // What is left in there would save somebody who reads our memory the work of hashing.
        buffer[..used].fill(Block::new());
        // An older hash may have asked for more than today's; it does not get to keep it.
        buffer.truncate(self.usual);
        buffer.shrink_to(self.usual);
        let mut idle = self.idle();
        if idle.len() < self.most_idle {
            idle.push(buffer);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_wiped(blocks: &[Block]) -> bool {
        blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0))
    }

    #[test]
    fn a_buffer_is_used_again_and_wiped_in_between() {
        let memory = Memory::new(8, 2);
        let first = memory.lend(8, |blocks| {
            blocks[7].as_mut()[0] = 7;
            blocks.as_ptr() as usize
        });
        let second = memory.lend(8, |blocks| {
            assert!(is_wiped(blocks));
            blocks.as_ptr() as usize
        });
        assert_eq!(first, second);
        assert!(is_wiped(&memory.idle()[0]));
    }

    #[test]
    fn neither_the_number_nor_the_size_of_buffers_grows() {
        let memory = Memory::new(8, 1);
        memory.lend(1000, |blocks| {
            blocks[999].as_mut()[0] = 1;
            memory.lend(16, |_| ());
            memory.lend(4, |_| ());
        });
        let idle = memory.idle();
        assert_eq!(idle.len(), 1);
        assert!(idle[0].len() <= 8 && idle[0].capacity() <= 8);
    }
}
