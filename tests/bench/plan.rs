//! The plan of measurements.

use peerwarden_lab::native::Layer;

use crate::sets::{COUNTS, Kind};

/// The filter in front of the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Filter {
    None,
    /// A Wasm filter that does nothing.
    Empty,
    /// The cheapest Wasm filter that reads one property.
    OneProperty,
    /// The same, with the callbacks that the module has.
    OnePropertyWithCallbacks,
    /// A Wasm filter that reads the certificate and all headers, with the callbacks that the module has, and decides nothing.
    CertificateAndHeaders,
    /// Envoy's `ext_authz` filter, with an authorizer that says yes to everybody.
    ExternalAuthorizer,
    /// Envoy's own RBAC filter.
    Native,
    Module,
    /// The module with the second lock behind it.
    Locked,
    /// Another build of the module, by its index on the command line.
    Beside(usize),
}

/// The operation that is measured; costs are per operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// A request over a persistent connection.
    Http1,
    /// A stream of a persistent connection.
    Http2,
    /// A connection with its handshake, one message and its echo.
    Connection,
    /// A message over a persistent connection, and its echo.
    Message,
}

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) way: Operation,
    pub(crate) filter: Filter,
    pub(crate) kind: Kind,
    pub(crate) count: usize,
}

/// Identifies a listener; several cells may share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ListenerKey {
    pub(crate) layer: Layer,
    pub(crate) filter: Filter,
    pub(crate) kind: Kind,
    pub(crate) count: usize,
}

/// The number of policies whose requests are used if there are none.
const OF_NO_POLICIES: usize = 100;

/// Numbers of policies for documents of a whole mesh.
const MESH: [usize; 3] = [100, 1_000, 10_000];

/// The number of policies from which Envoy's own filter should be more expensive.
const FEW: usize = 50;

/// The number of policies in the expensive sets.
const MOST: usize = 10_000;

/// The number of policies with the long path: Envoy's own filter copies the path for each.
pub(crate) const LONG: usize = 1_000;

const FLOORS: [Filter; 4] = [
    Filter::None,
    Filter::Empty,
    Filter::OneProperty,
    Filter::OnePropertyWithCallbacks,
];

const BOTH: [Filter; 2] = [Filter::Native, Filter::Module];

/// All cells.
pub(crate) fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for way in [Operation::Http1, Operation::Http2, Operation::Connection] {
        add(&mut cells, way, &FLOORS, Kind::Identity, &[1]);
        add(&mut cells, way, &BOTH, Kind::Identity, &COUNTS);
        let others = [Filter::Locked, Filter::ExternalAuthorizer];
        add(&mut cells, way, &others, Kind::Identity, &[1]);
        if way != Operation::Connection {
            add(
                &mut cells,
                way,
                &[Filter::CertificateAndHeaders],
                Kind::Identity,
                &[1],
            );
            add(&mut cells, way, &BOTH, Kind::Full, &COUNTS);
            add(&mut cells, way, &[Filter::None], Kind::Service, &[OF_NO_POLICIES]);
        }
        add(&mut cells, way, &BOTH, Kind::Service, &COUNTS);
    }
    add(&mut cells, Operation::Http1, &BOTH, Kind::MeshWide, &MESH);
    for kind in [Kind::LeadingWildcards, Kind::NotPaths] {
        add(&mut cells, Operation::Http1, &BOTH, kind, &[MOST]);
    }
    add(
        &mut cells,
        Operation::Http1,
        &[Filter::None],
        Kind::LongPath,
        &[LONG],
    );
    add(&mut cells, Operation::Http1, &BOTH, Kind::LongPath, &[LONG]);
    add(
        &mut cells,
        Operation::Message,
        &[Filter::None, Filter::Empty],
        Kind::Identity,
        &[1],
    );
    add(&mut cells, Operation::Message, &BOTH, Kind::Identity, &[1, MOST]);
    cells
}

/// A small selection, for a quick run.
pub(crate) fn quick() -> Vec<Cell> {
    let mut cells = cells();
    cells.retain(|cell| [1, 100].contains(&cell.count) || cell.kind == Kind::LeadingWildcards);
    cells
}

/// The module and other builds of it, where they differ most.
pub(crate) fn beside(builds: usize) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut filters = vec![Filter::Module];
    filters.extend((0..builds).map(Filter::Beside));
    for way in [Operation::Http1, Operation::Http2] {
        add(&mut cells, way, &[Filter::None], Kind::Identity, &[1]);
        add(&mut cells, way, &[Filter::None], Kind::Service, &[OF_NO_POLICIES]);
        add(&mut cells, way, &filters, Kind::Identity, &[1]);
        add(&mut cells, way, &filters, Kind::Full, &[FEW]);
        add(&mut cells, way, &filters, Kind::Service, &[FEW, MOST]);
    }
    cells
}

/// Keeps cells with one of these texts in their names, and their baselines.
pub(crate) fn only(cells: &mut Vec<Cell>, names: &[String]) {
    let is_wanted = |cell: &Cell| names.iter().any(|name| cell.name().contains(name));
    let wanted: Vec<Cell> = cells.iter().copied().filter(is_wanted).collect();
    cells.retain(|cell| is_wanted(cell) || wanted.iter().any(|wanted| cell.is_base_of(*wanted)));
}

fn add(cells: &mut Vec<Cell>, way: Operation, filters: &[Filter], kind: Kind, counts: &[usize]) {
    for &count in counts {
        cells.extend(filters.iter().map(|&filter| Cell {
            way,
            filter,
            kind,
            count,
        }));
    }
}

impl Cell {
    /// A name, such as `http1-module-identity-100`.
    fn name(self) -> String {
        format!("{:?}-{:?}-{:?}-{}", self.way, self.filter, self.kind, self.count).to_lowercase()
    }

    pub(crate) fn place(self) -> ListenerKey {
        ListenerKey {
            layer: self.way.layer(),
            filter: self.filter,
            kind: self.kind,
            count: self.count,
        }
    }

    /// Whether it is also measured at a fixed rate: that takes longer, and says the same of all numbers of policies.
    pub(crate) fn has_fixed_rate(self) -> bool {
        let is_http = matches!(self.way, Operation::Http1 | Operation::Http2);
        let has_policies = self.filter.is_module() || self.filter == Filter::Native;
        is_http && self.kind.is_typical() && (self.count == 1 || !has_policies || self.count == FEW)
    }

    /// Whether this is the baseline of `other`, without its filter.
    pub(crate) fn is_base_of(self, other: Self) -> bool {
        let kind = match other.way {
            Operation::Http1 | Operation::Http2 => other.kind.base(),
            Operation::Connection | Operation::Message => Kind::Identity,
        };
        self.filter == Filter::None && self.way == other.way && self.kind == kind
    }
}

impl Operation {
    pub(crate) fn layer(self) -> Layer {
        match self {
            Self::Http1 | Self::Http2 => Layer::Http,
            Self::Connection | Self::Message => Layer::Tcp,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
            Self::Connection => "TCP, a connection",
            Self::Message => "TCP, a further message",
        }
    }
}

impl Filter {
    /// Whether it is the module, in any build.
    pub(crate) fn is_module(self) -> bool {
        matches!(self, Self::Module | Self::Locked | Self::Beside(_))
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "no filter",
            Self::Empty => "a Wasm filter that does nothing",
            Self::OneProperty => "the cheapest Wasm filter that reads one property",
            Self::OnePropertyWithCallbacks => "the same, with the callbacks of the module",
            Self::CertificateAndHeaders => "the same, reading the certificate and all headers",
            Self::ExternalAuthorizer => "Envoy's ext_authz filter, with an authorizer that always says yes",
            Self::Native => "Envoy's RBAC filter",
            Self::Module => "peerwarden",
            Self::Locked => "peerwarden with the second lock",
            Self::Beside(_) => "another build",
        }
    }
}

impl ListenerKey {
    /// The listener's name.
    pub(crate) fn name(self) -> String {
        format!(
            "{}-{:?}-{:?}-{}",
            self.layer.as_str(),
            self.filter,
            self.kind,
            self.count
        )
        .to_lowercase()
    }
}
