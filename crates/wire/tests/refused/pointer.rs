use archipelago_wire::Wire;

#[derive(Wire, Clone, Copy)]
#[wire(crate = archipelago_wire)]
struct Node {
    next: *const u8,
}

fn main() {}
