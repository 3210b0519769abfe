//! The message-passing engine: groups, matching, protocols, collectives.
