//! What the compiler refuses, so that no program can break it: each promise as a program that keeps it and runs, and as one that
//! breaks it in the marked line and does not compile.
//!
//! A buffer that is being received into can't be read or written before `wait` gives it back.
//!
//! ```
//! # archipelago::testing::run(1, |world| {
//! let mut buffer = vec![0.0; 4];
//! world.scope(|s| {
//!     let incoming = world.from(0).start_receive(s, &mut buffer)?;
//!     world.to(0).send(&[1.0; 4])?;
//!     incoming.wait()?[0] = 2.0;
//!     Ok(())
//! })?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0499
//! # archipelago::testing::run(1, |world| {
//! let mut buffer = vec![0.0; 4];
//! world.scope(|s| {
//!     let incoming = world.from(0).start_receive(s, &mut buffer)?;
//!     world.to(0).send(&[1.0; 4])?;
//!     buffer[0] = 2.0;  // refused
//!     incoming.wait()?[0] = 2.0;
//!     Ok(())
//! })?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! A buffer that is being sent can't be written until the scope has ended.
//!
//! ```
//! # archipelago::testing::run(1, |world| {
//! let mut buffer = vec![0.0; 4];
//! world.scope(|s| {
//!     world.to(0).start_send(s, &buffer)?.wait()?;
//!     Ok(())
//! })?;
//! buffer[0] = 2.0;
//! world.from(0).receive::<Vec<f64>>()?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0502
//! # archipelago::testing::run(1, |world| {
//! let mut buffer = vec![0.0; 4];
//! world.scope(|s| {
//!     world.to(0).start_send(s, &buffer)?.wait()?;
//!     buffer[0] = 2.0;  // refused
//!     Ok(())
//! })?;
//! buffer[0] = 2.0;
//! world.from(0).receive::<Vec<f64>>()?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! A buffer must outlive the scope.
//!
//! ```
//! # archipelago::testing::run(1, |world| {
//! let mut buffer = [0u8; 4];
//! world.scope(|s| {
//!     let incoming = world.from(0).start_receive(s, &mut buffer)?;
//!     world.to(0).send(&[1u8; 4])?;
//!     incoming.wait().map(drop)
//! })?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0597
//! # archipelago::testing::run(1, |world| {
//! world.scope(|s| {
//!     let mut buffer = [0u8; 4];  // refused
//!     let incoming = world.from(0).start_receive(s, &mut buffer)?;
//!     world.to(0).send(&[1u8; 4])?;
//!     incoming.wait().map(drop)
//! })?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! Two operations can't receive into the same bytes.
//!
//! ```
//! # archipelago::testing::run(1, |world| {
//! let mut buffer = [0u8; 4];
//! world.scope(|s| {
//!     let (first, second) = buffer.split_at_mut(2);
//!     drop(world.from(0).start_receive(s, first)?);
//!     drop(world.from(0).start_receive(s, second)?);
//!     world.to(0).send(&[1u8; 2])?;
//!     world.to(0).send(&[1u8; 2])
//! })?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0499
//! # archipelago::testing::run(1, |world| {
//! let mut buffer = [0u8; 4];
//! world.scope(|s| {
//!     drop(world.from(0).start_receive(s, &mut buffer[..2])?);  // refused
//!     drop(world.from(0).start_receive(s, &mut buffer[2..])?);  // refused
//!     world.to(0).send(&[1u8; 2])?;
//!     world.to(0).send(&[1u8; 2])
//! })?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! A request can't leave its scope.
//!
//! ```
//! # archipelago::testing::run(1, |world| {
//! let mut buffer = [0u8; 4];
//! let mut kept = None;
//! world.scope(|s| {
//!     let incoming = world.from(0).start_receive(s, &mut buffer)?;
//!     world.to(0).send(&[1u8; 4])?;
//!     kept = Some(incoming.wait()?.len());
//!     Ok(())
//! })?;
//! drop(kept);
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0521
//! # archipelago::testing::run(1, |world| {
//! let mut buffer = [0u8; 4];
//! let mut kept = None;
//! world.scope(|s| {
//!     let incoming = world.from(0).start_receive(s, &mut buffer)?;
//!     world.to(0).send(&[1u8; 4])?;
//!     kept = Some(incoming);  // refused
//!     Ok(())
//! })?;
//! drop(kept);
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! What `wait` gives back can't leave the scope either: the buffer itself is free then.
//!
//! ```
//! # archipelago::testing::run(1, |world| {
//! let mut buffer = [0u8; 4];
//! let received = world.scope(|s| {
//!     let incoming = world.from(0).start_receive(s, &mut buffer)?;
//!     world.to(0).send(&[1u8; 4])?;
//!     Ok(incoming.wait()?.len())
//! })?;
//! drop(received);
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail
//! # archipelago::testing::run(1, |world| {
//! let mut buffer = [0u8; 4];
//! let received = world.scope(|s| {
//!     let incoming = world.from(0).start_receive(s, &mut buffer)?;
//!     world.to(0).send(&[1u8; 4])?;
//!     incoming.wait()  // refused
//! })?;
//! drop(received);
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! A communicator that is made in a scope is gone before the scope's operations are.
//!
//! ```
//! # archipelago::testing::run(1, |world| {
//! let copy = world.duplicate()?;
//! world.scope(|s| {
//!     copy.to(0).start_send(s, &7)?.wait()
//! })?;
//! copy.from(0).receive::<i32>()?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0597
//! # archipelago::testing::run(1, |world| {
//! world.scope(|s| {
//!     let copy = world.duplicate()?;  // refused
//!     copy.to(0).start_send(s, &7)?.wait()
//! })?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! A buffer that is sent owned is gone until `wait` gives it back.
//!
//! ```
//! # archipelago::testing::run(1, |world| {
//! let buffer = vec![1u8; 4];
//! let sent = world.to(0).send_owned(buffer);
//! world.from(0).receive::<Vec<u8>>()?;
//! let buffer = sent.wait()?;
//! drop(buffer);
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0382
//! # archipelago::testing::run(1, |world| {
//! let buffer = vec![1u8; 4];
//! let sent = world.to(0).send_owned(buffer);
//! drop(buffer);  // refused
//! world.from(0).receive::<Vec<u8>>()?;
//! let buffer = sent.wait()?;
//! drop(buffer);
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! The buffer of a persistent operation can't be used once that is started again.
//!
//! ```
//! # archipelago::testing::run(1, |world| {
//! let mut sending = world.to(0).persistent_send(vec![0u8; 4]);
//! let buffer = sending.wait()?;
//! buffer[0] = 1;
//! sending.start()?;
//! world.from(0).receive::<Vec<u8>>()?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0499
//! # archipelago::testing::run(1, |world| {
//! let mut sending = world.to(0).persistent_send(vec![0u8; 4]);
//! let buffer = sending.wait()?;
//! sending.start()?;
//! buffer[0] = 1;  // refused
//! world.from(0).receive::<Vec<u8>>()?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! An operation that owns its buffer owns all of it: nothing in it is borrowed.
//!
//! ```
//! # archipelago::testing::run(1, |world| {
//! let values = [1u8; 4];
//! let sent = world.to(0).send_owned(values.to_vec());
//! world.from(0).receive::<Vec<u8>>()?;
//! sent.wait()?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0597
//! # archipelago::testing::run(1, |world| {
//! let values = [1u8; 4];
//! let sent = world.to(0).send_owned(&values[..]);  // refused
//! world.from(0).receive::<Vec<u8>>()?;
//! sent.wait()?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! What a layout selects for a collective, or for one part of an exchange, is borrowed until the scope ends.
//!
//! ```
//! use archipelago::prelude::*;
//! # archipelago::testing::run(1, |world| {
//! let (mine, mut table) = ([1u8; 2], [0u8; 4]);
//! let even = Layout::vector(2, 1, 2, &Layout::of::<u8>())?;
//! let mut into = even.over_mut(&mut table)?;
//! world.scope(|s| world.prepare().all_gather(&mine, &mut into).start(s)?.wait())?;
//! world.scope(|s| world.all_to_all_w().to(0, &mine).from(0, &mut into).start(s)?.wait())?;
//! table.fill(1);
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0499
//! use archipelago::prelude::*;
//! # archipelago::testing::run(1, |world| {
//! let (mine, mut table) = ([1u8; 2], [0u8; 4]);
//! let even = Layout::vector(2, 1, 2, &Layout::of::<u8>())?;
//! world.scope(|s| {
//!     let into = even.over_mut(&mut table)?;
//!     world.prepare().all_gather(&mine, into).start(s)?;
//!     table.fill(1);  // refused
//!     Ok(())
//! })?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0499
//! use archipelago::prelude::*;
//! # archipelago::testing::run(1, |world| {
//! let (mine, mut table) = ([1u8; 2], [0u8; 2]);
//! world.scope(|s| {
//!     world.all_to_all_w().to(0, &mine).from(0, &mut table).start(s)?;
//!     table.fill(1);  // refused
//!     Ok(())
//! })?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! A collective that owns its buffers owns what a layout selects with the vector.
//!
//! ```
//! use archipelago::prelude::*;
//! # archipelago::testing::run(1, |world| {
//! let even = Layout::vector(2, 1, 2, &Layout::of::<u8>())?;
//! let sum = world.prepare().all_reduce(even.own(vec![1u8; 4])?, Sum).owned();
//! sum.wait()?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0277
//! use archipelago::prelude::*;
//! # archipelago::testing::run(1, |world| {
//! let mut table = [1u8; 4];
//! let even = Layout::vector(2, 1, 2, &Layout::of::<u8>())?;
//! let sum = world.prepare().all_reduce(even.over_mut(&mut table)?, Sum).owned();  // refused
//! sum.wait()?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! Nothing can be sent to a source.
//!
//! ```
//! # archipelago::testing::run(1, |world| {
//! let any = world.from_any();
//! world.to(0).send(&1)?;
//! any.receive::<i32>()?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0599
//! # archipelago::testing::run(1, |world| {
//! let any = world.from_any();
//! any.send(&1)?;  // refused
//! any.receive::<i32>()?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! Only values travel: what points to memory does not.
//!
//! ```
//! # archipelago::testing::run(1, |world| {
//! let text = String::from("text");
//! world.to(0).send(text.as_bytes())?;
//! world.from(0).receive::<Vec<u8>>()?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0277
//! # archipelago::testing::run(1, |world| {
//! let text = String::from("text");
//! world.to(0).send(&[&text])?;  // refused
//! world.from(0).receive::<Vec<u8>>()?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! A message that was taken by a matched probe is received once.
//!
//! ```
//! # archipelago::testing::run(1, |world| {
//! world.to(0).send(&1u8)?;
//! let message = world.from(0).matched_probe()?;
//! message.receive::<u8>()?;
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! ```compile_fail,E0382
//! # archipelago::testing::run(1, |world| {
//! world.to(0).send(&1u8)?;
//! let message = world.from(0).matched_probe()?;
//! message.receive::<u8>()?;
//! message.receive::<u8>()?;  // refused
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
