use archipelago_wire::Wire;

#[derive(Wire, Clone, Copy)]
#[wire(crate = archipelago_wire)]
enum Never {}

fn main() {}
