//! Constructors of datatypes (MPI 5.0 §5.1.2).

use layout::Layout;

use crate::number::{DATATYPE_NULL, ERR_COUNT, ERR_TYPE};
use crate::pointer::Out;
use crate::{Datatype, Error, Result, Type};

fn length(count: i64) -> Result<u64> {
    u64::try_from(count).map_err(|_| Error::new(ERR_COUNT, format!("the count is negative: {count}")))
}

pub fn type_contiguous(count: i64, oldtype: Datatype, newtype: Out<Datatype>) -> Result {
    newtype.check()?;
    let of = oldtype.get()?;
    newtype.set(Type::derived(Layout::contiguous(length(count)?, of.layout()?)?).register()?)
}

pub fn type_commit(datatype: Out<Datatype>) -> Result {
    datatype.get()?.get()?.commit();
    Ok(())
}

pub fn type_free(datatype: Out<Datatype>) -> Result {
    let name = datatype.get()?;
    name.get()?;
    if !name.remove() {
        return Err(Error::new(ERR_TYPE, "a predefined datatype can't be freed"));
    }
    datatype.set(Datatype(DATATYPE_NULL))
}
