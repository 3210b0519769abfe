//! Names of objects, as programs hold them: wide as a pointer, so that they go through C as they are.

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(transparent)]
        pub struct $name(pub usize);

        impl crate::pointer::Plain for $name {}
    )+};
}

handles!(
    /// Names a communicator.
    Comm,
    /// Names a group.
    Group,
    /// Names a datatype.
    Datatype,
    /// Names a request.
    Request,
    /// Names an operator.
    Op,
    /// Names an info object.
    Info,
    /// Names an error handler.
    Errhandler,
    /// Names a session.
    Session,
    /// Names a message that was taken out of matching.
    Message,
    /// Names a window.
    Win,
    /// Names a file.
    File,
);
