//! A queue of jobs, and what runs them.

use std::collections::VecDeque;

/// How many jobs fit.
pub const LIMIT: usize = 1_000;

static mut STARTED: bool = false;

/// What a job answers.
pub type Answer = Result<(), Box<dyn Error>>;

/// A queue of jobs.
#[derive(Debug, Clone)]
pub struct Queue<T> {
    jobs: VecDeque<T>,
    pub limit: usize,
}

struct Unit;
pub struct Seconds(pub f64);

/** The state of a job. */
#[derive(PartialEq)]
pub enum State {
    Waiting,
    Done { after: Seconds },
}

union Bits {
    whole: u32,
    part: f32,
}

/// Something that runs.
pub trait Run: Send {
    /// What comes out of it.
    type Output;
    const TIMES: u32 = 1;

    /// Runs it once.
    fn run(&mut self) -> Self::Output;

    /// Runs it again.
    fn again(&mut self) -> Self::Output {
        self.run()
    }
}

impl<T> Queue<T> {
    const EMPTY: usize = 0;

    /// Adds a job.
    ///
    /// Waits if the queue is full.
    #[inline]
    #[must_use]
    pub fn push(&mut self, job: T) -> bool {
        // Too many are refused.
        if self.jobs.len() >= LIMIT {
            return false;
        }
        self.jobs.push_back(job);
        true
    }

    pub async fn next(&mut self) -> Option<T> {
        let wait = |seconds: u64| sleep(seconds * 2);
        wait(1).await;
        self.jobs.pop_front()
    }
}

impl<T: Clone> Run for Queue<T> {
    type Output = Option<T>;

    fn run(&mut self) -> Option<T> {
        self.jobs.front().cloned()
    }
}

impl fmt::Display for shelf::Book<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title, r#"a "book""#)
    }
}

/// The sum of all.
fn total(prices: &[f64]) -> f64 {
    fn add(a: f64, b: f64) -> f64 {
        a + b
    }
    prices.iter().copied().fold(0.0, add)
}

/// A queue of what is given.
#[macro_export]
macro_rules! queue {
    ($($job:expr),*) => {
        Queue::from(vec![$($job),*])
    };
}

extern "C" {
    /// Of the system.
    fn sleep(seconds: u32) -> u32;
}

#[no_mangle]
pub extern "C" fn wake() -> char {
    'w'
}

lazy_static! {
    static ref QUEUES: Mutex<Vec<u32>> = Mutex::new(vec![]);
}

pub mod workers {
    //! Those who run jobs.

    pub fn start() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses() {
        assert_eq!(total(&[1e3, 0xff as f64]), 1_255.0);
    }
}
