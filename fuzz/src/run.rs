//! The threads of a sequence: one at a time in the order of the input, so that it always runs the same way, or all at once.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, scope, spawn};

use super::model::Model;
use super::said::{self, Said};
use super::sequence::{Op, Sequence, Step, THREADS};
use super::table::RELEASES;

/// A thread that does what it is told.
struct Worker {
    /// Steps to do, and the model to do them with.
    jobs: Sender<(Model, Vec<Step>)>,
    /// The model comes back.
    done: Receiver<Model>,
    /// The thread.
    thread: JoinHandle<()>,
}

impl Worker {
    /// A new thread.
    fn new() -> Self {
        let (jobs, to_do) = channel::<(Model, Vec<Step>)>();
        let (ready, done) = channel();
        let thread = spawn(move || {
            for (mut model, steps) in to_do {
                model.run_all(&steps);
                ready.send(model).expect("somebody waits");
            }
        });
        Self { jobs, done, thread }
    }

    /// Does these steps.
    fn run(&self, model: Model, steps: &[Step]) -> Model {
        self.jobs.send((model, steps.to_vec())).expect("a thread");
        self.done.recv().expect("no panic")
    }

    /// Ends the thread, to the last of its destructors.
    fn end(self) {
        drop(self.jobs);
        self.thread.join().expect("no panic");
    }
}

/// Runs the sequence that `data` stands for.
pub(crate) fn run(data: &[u8]) {
    said::keep();
    let sequence = Sequence::from_bytes(data);
    if sequence.at_once {
        run_at_once(&sequence);
    } else {
        run_in_turn(&sequence);
    }
}

/// One thread at a time. The first is this one, which never ends.
fn run_in_turn(sequence: &Sequence) {
    let mut workers = [const { None::<Worker> }; THREADS];
    let mut model = Model::new(Some(Said::on(2)), None);
    for steps in sequence.steps.chunk_by(|one, next| one.thread == next.thread && one.op != Op::End) {
        let worker = &mut workers[steps[0].thread];
        if steps[0].thread == 0 {
            model.run_all(steps);
            continue;
        }
        model = worker.get_or_insert_with(Worker::new).run(model, steps);
        if steps.last().is_some_and(|step| step.op == Op::End) {
            worker.take().into_iter().for_each(Worker::end);
        }
    }
    let (first, last) = workers.into_iter().flatten().partition(|_| sequence.end_first);
    let end = |workers: Vec<Worker>| workers.into_iter().for_each(Worker::end);
    end(first);
    finish(model, || end(last));
}

/// All threads at once: what they say cannot be told apart, but it can be counted.
fn run_at_once(sequence: &Sequence) {
    let pool = Arc::default();
    let (mut said, listed) = (Said::on(2), Said::on(1));
    let models: Vec<Model> = scope(|scope| {
        let lanes: Vec<_> = (0..THREADS)
            .map(|lane| {
                let steps = sequence.steps.iter().filter(move |step| step.thread == lane).copied();
                let (steps, pool) = (steps.collect::<Vec<_>>(), Arc::clone(&pool));
                scope.spawn(move || run_lane(&steps, pool))
            })
            .collect();
        lanes.into_iter().map(|lane| lane.join().expect("no panic")).collect()
    });
    drop(listed);
    let due: usize = models.iter().map(|model| model.due).sum();
    let text = said.take();
    // Anywhere in a line: statistics come in pieces, between which another thread may say something.
    assert_eq!(text.matches("ft_malloc: ").count(), due, "messages:\n{text}");
    let mut whole = Model::new(Some(said), None);
    let pool = core::mem::take(&mut *pool.lock().expect("no panic"));
    let blocks = models.into_iter().flat_map(|model| model.blocks).chain(pool);
    blocks.for_each(|block| whole.insert(block));
    finish(whole, || ());
}

/// One thread's steps, in a new thread after each end of one.
fn run_lane(steps: &[Step], pool: Arc<Mutex<Vec<super::model::Block>>>) -> Model {
    let mut model = Model::new(None, Some(pool));
    for steps in steps.split_inclusive(|step| step.op == Op::End) {
        let steps = steps.to_vec();
        let thread = spawn(move || {
            model.run_all(&steps);
            model
        });
        model = thread.join().expect("no panic");
    }
    model
}

/// All is as it should be, and when every block is freed nothing is left. `end` ends the threads, before the heap is looked
/// at for the last time.
fn finish(mut model: Model, end: impl FnOnce()) {
    model.check_all();
    model.check_figures();
    model.check_list();
    for form in (0..model.blocks.len()).map(|nth| nth % RELEASES.len()) {
        model.free(0, form);
    }
    end();
    model.tune_back();
    model.check_figures();
    model.check_list();
    let text = model.said.take().map_or(String::new(), |mut said| said.take());
    assert_eq!(text, "", "messages that are not due");
}
