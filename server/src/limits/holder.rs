//! The owners of memory that requests and responses take.

use hookglass_limits::address::Address;
use hookglass_store::WorkspaceId;

/// The owner of some memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    Workspace(WorkspaceId),
    /// A client without a workspace; `None` for all clients that cannot be told apart.
    Client(Option<Address>),
}

impl From<WorkspaceId> for Holder {
    fn from(workspace: WorkspaceId) -> Self {
        Self::Workspace(workspace)
    }
}
