//! Copy and reduce functions: the only code that touches users' buffers.
