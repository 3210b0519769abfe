//! Generalised requests (MPI 5.0 §13.2).

use std::sync::Arc;

use crate::number::ERR_REQUEST;
use crate::pointer::{Address, Callback, Out};
use crate::request::{Errors, Extra, Generalised, Object};
use crate::{Error, On, Request, Result};

pub fn grequest_start(
    query_fn: Callback,
    free_fn: Callback,
    cancel_fn: Callback,
    extra_state: Address,
    request: Out<Request>,
) -> Result {
    request.check()?;
    let operation = Arc::new(Generalised::new(query_fn, free_fn, cancel_fn, extra_state));
    request.set(Object::generalised(operation, Errors::On(On::Nothing)).register()?)
}

pub fn grequest_complete(request: Request) -> Result {
    let object = request.get_one()?;
    match object.extra() {
        Extra::Generalised(operation) => {
            let freed = operation.complete();
            // Its name stayed for this call.
            if operation.is_let_go() {
                request.remove();
            }
            freed
        }
        _ => Err(Error::new(ERR_REQUEST, "the request is not a generalised one")),
    }
}
