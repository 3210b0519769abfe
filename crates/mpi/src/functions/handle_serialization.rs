//! Names as integers, for Fortran (MPI 5.0 §20.3.5): they are the same.

use std::ffi::c_int;

use crate::{Comm, Datatype, Errhandler, File, Group, Info, Message, Op, Request, Session, Win};

macro_rules! conversions {
    ($($handle:ident $to:ident $from:ident),+ $(,)?) => {$(
        pub fn $to(handle: $handle) -> c_int {
            handle.0 as c_int
        }

        pub fn $from(integer: c_int) -> $handle {
            $handle(integer as u32 as usize)
        }
    )+};
}

conversions!(
    Comm comm_toint comm_fromint,
    Datatype type_toint type_fromint,
    Errhandler errhandler_toint errhandler_fromint,
    File file_toint file_fromint,
    Group group_toint group_fromint,
    Info info_toint info_fromint,
    Message message_toint message_fromint,
    Op op_toint op_fromint,
    Request request_toint request_fromint,
    Session session_toint session_fromint,
    Win win_toint win_fromint,
);
