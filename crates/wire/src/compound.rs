//! Arrays, tuples, options: values made of values.

use std::marker::PhantomData;
use std::mem::{MaybeUninit, offset_of};

use crate::{Form, Invalid, Shape, Wire};

// SAFETY: the elements of an array follow each other without a gap, so that its form is that of its elements.
unsafe impl<T: Wire, const N: usize> Wire for [T; N] {
    const FORM: Form = if N == 0 { Form::Plain } else { T::FORM };
    const SHAPE: &'static Shape = &Shape::Array { of: T::SHAPE, count: N };

    #[inline]
    fn pack(&self, into: &mut [u8]) {
        crate::slice::pack(self, into);
    }

    #[inline]
    fn unpack(from: &[u8]) -> Result<[T; N], Invalid> {
        let mut values = MaybeUninit::<[T; N]>::uninit();
        let first = values.as_mut_ptr().cast::<T>();
        for i in 0..N {
            let value = T::unpack(&from[i * T::BYTES..][..T::BYTES])?;
            // SAFETY: `i` is less than N, so the element lies in the array.
            unsafe { first.add(i).write(value) };
        }
        // SAFETY: all N elements were written.
        Ok(unsafe { values.assume_init() })
    }
}

// SAFETY: it has no bytes.
unsafe impl Wire for () {
    const FORM: Form = Form::Plain;
    const SHAPE: &'static Shape = &Shape::Fields { of: &[] };

    fn pack(&self, _: &mut [u8]) {}

    fn unpack(_: &[u8]) -> Result<(), Invalid> {
        Ok(())
    }
}

// SAFETY: it has no bytes.
unsafe impl<T: Send + Sync + 'static> Wire for PhantomData<T> {
    const FORM: Form = Form::Plain;
    const SHAPE: &'static Shape = &Shape::Fields { of: &[] };

    fn pack(&self, _: &mut [u8]) {}

    fn unpack(_: &[u8]) -> Result<PhantomData<T>, Invalid> {
        Ok(PhantomData)
    }
}

// SAFETY: the memory of an option is never claimed to be its encoding; `pack` writes the mark and the value, or zeros.
unsafe impl<T: Wire> Wire for Option<T> {
    const FORM: Form = Form::Packed;
    const SHAPE: &'static Shape = &Shape::Optional { of: T::SHAPE };

    #[inline]
    fn pack(&self, into: &mut [u8]) {
        match self {
            Some(value) => {
                into[0] = 1;
                value.pack(&mut into[1..]);
            }
            None => into.fill(0),
        }
    }

    #[inline]
    fn unpack(from: &[u8]) -> Result<Option<T>, Invalid> {
        match from[0] {
            0 => Ok(None),
            1 => T::unpack(&from[1..]).map(Some),
            other => Err(Invalid::new::<Option<T>>(other as u128, 1)),
        }
    }
}

macro_rules! tuples {
    ($($name:ident $index:tt),+) => {
        // SAFETY: the form follows from the offsets that the compiler gave the fields; `pack` writes all fields.
        unsafe impl<$($name: Wire),+> Wire for ($($name,)+) {
            const FORM: Form = Form::of_fields(
                size_of::<Self>(),
                &[$((offset_of!(Self, $index), size_of::<$name>(), $name::FORM)),+],
            );
            const SHAPE: &'static Shape = &Shape::Fields { of: &[$($name::SHAPE),+] };

            #[inline]
            fn pack(&self, into: &mut [u8]) {
                let rest = into;
                $(let (room, rest) = rest.split_at_mut($name::BYTES);
                self.$index.pack(room);)+
                debug_assert!(rest.is_empty());
            }

            #[inline]
            fn unpack(from: &[u8]) -> Result<Self, Invalid> {
                let mut at = 0;
                Ok(($({
                    let bytes = &from[at..][..$name::BYTES];
                    at += $name::BYTES;
                    let _ = at;
                    $name::unpack(bytes)?
                },)+))
            }
        }
    };
}

tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
