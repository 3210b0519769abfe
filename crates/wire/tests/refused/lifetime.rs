use archipelago_wire::Wire;

#[derive(Wire, Clone, Copy)]
#[wire(crate = archipelago_wire)]
struct Borrowing<'a> {
    name: std::marker::PhantomData<&'a ()>,
}

fn main() {}
