use archipelago_wire::Wire;

#[derive(Wire, Clone, Copy)]
#[wire(path = archipelago_wire)]
struct Plain(u32);

fn main() {}
