//! The cost of parsing grows at most linearly with the input: each parser is run on the inputs that are most expensive
//! for it.
//!
//! The work is counted, not timed: allocations and their bytes at `n` and at `2n`. Loops without allocations show on an
//! input so large that anything but linear work would exceed the time limit, which is far beyond the time that it
//! takes.

#[path = "bounds/counting.rs"]
mod counting;
#[path = "bounds/gzip.rs"]
mod gzip;
#[path = "bounds/layout.rs"]
mod layout;
#[path = "bounds/repository.rs"]
mod repository;
#[path = "bounds/shapes.rs"]
mod shapes;
#[path = "bounds/skipped.rs"]
mod skipped;

use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};

use counting::Cost;
use shapes::{ALL, Shape};

/// The approximate size in bytes of the input whose work is counted; a power of two, as vectors grow by doubling.
const SMALL: usize = 1 << 13;

/// The approximate size in bytes of the input that must end.
const LARGE: usize = 1 << 18;

/// For the large one: linear work takes seconds at most.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let all = ALL.iter().chain(layout::ALL).chain(gzip::ALL);
    let shapes = all.clone().count();
    let trials = all.map(|shape| Trial::test(shape.name, || is_bounded(shape)));
    let count = Trial::test("the_count_in_the_documents", move || is_counted(shapes));
    let trials = trials
        .chain([count])
        .chain(skipped::trials())
        .chain(repository::trials());
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// `docs/reliability.md` has the number of shapes, each read four times.
fn is_counted(shapes: usize) -> Result<(), Failed> {
    let counts = include_str!("../../reliability/counts.yaml");
    let row = format!("- what: \"{shapes} shapes ");
    if counts.contains(&row) && counts.contains(&format!("\n  inputs: {}\n", 4 * shapes)) {
        return Ok(());
    }
    Err(format!("tests/reliability/counts.yaml does not say {shapes} shapes").into())
}

fn is_bounded(shape: &'static Shape) -> Result<(), Failed> {
    let read = |bytes: usize| {
        let input = (shape.make)(bytes);
        let (tell, told) = mpsc::channel();
        // A small stack, so that unlimited recursion shows.
        let builder = std::thread::Builder::new().stack_size(8 * 1024 * 1024);
        let thread = builder.spawn(move || {
            let cost = counting::of(|| (shape.read)(&input));
            let _ = tell.send((input.len(), cost));
        });
        drop(thread);
        told.recv_timeout(PATIENCE)
            .map_err(|_| Failed::from(format!("about {bytes} bytes are not read within {PATIENCE:?}")))
    };
    // One-time initialisation is done before anything is counted.
    read(SMALL)?;
    let (length, once) = read(SMALL)?;
    let (longer, twice) = read(2 * SMALL)?;
    let (largest, most) = read(LARGE)?;
    println!(
        "{}: {length} bytes {once}; {longer} bytes {twice}; {largest} bytes {most}",
        shape.name
    );
    let in_proportion = |small: u64, large: u64, times: u64, slack: u64| large <= times * small + slack;
    let doubled = |of: fn(&Cost) -> u64, slack| in_proportion(of(&once), of(&twice), 3, slack);
    if !doubled(|cost| cost.allocations, 200)
        || !doubled(|cost| cost.bytes, 64 * 1024)
        || !doubled(|cost| cost.peak, 64 * 1024)
    {
        return Err(format!("twice the input costs more than thrice: {once}, then {twice}").into());
    }
    let times = 3 * (LARGE / SMALL) as u64 / 2;
    if !in_proportion(once.bytes, most.bytes, times, 1024 * 1024) {
        return Err(format!("{largest} bytes cost out of proportion: {once}, then {most}").into());
    }
    Ok(())
}
