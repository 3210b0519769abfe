use archipelago_wire::Wire;

#[derive(Wire, Clone, Copy)]
#[wire(crate = archipelago_wire)]
struct Borrowing {
    name: &'static str,
}

fn main() {}
