use archipelago_wire::Wire;

#[derive(Wire, Clone, Copy)]
#[wire(crate = archipelago_wire)]
union Bits {
    word: u32,
    float: f32,
}

fn main() {}
