//! Layouts in every verb and form, and parts of any types, between processes. Each rank prints one line when all was right.

#[path = "../../../crates/archipelago/tests/views/checks.rs"]
mod checks;

use archipelago::Result;

fn main() -> Result<()> {
    let world = archipelago::init()?;
    checks::all(&world, &[0, 5, 3001])?;
    println!("rank {} of {} is right", world.rank(), world.size());
    world.finalize()
}
