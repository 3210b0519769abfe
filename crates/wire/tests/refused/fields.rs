use archipelago_wire::Wire;

#[derive(Wire, Clone, Copy)]
#[wire(crate = archipelago_wire)]
enum Message {
    Stop,
    Go { speed: f64 },
}

fn main() {}
