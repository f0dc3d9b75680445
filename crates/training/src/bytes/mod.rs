//! Networks of bytes in floating point: what training sees of `hepz_neural::bytes`.
//!
//! In: an architecture, bytes. Out: logits and losses with gradients; in the end integer networks.
//! Not here: the loop that trains (the rest of this crate), inference (`hepz_neural`).
//! Holds: the equations of `hepz_neural::bytes`; with quantisation on, weights are those of the integer network.

pub mod architecture;
pub mod attention;
pub mod batch;
pub mod dense;
pub mod export;
pub mod gru;
pub mod loss;
pub mod mamba;
pub mod normalise;
pub mod scan;
pub mod transformer;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

pub use architecture::{ArchitectureError, ByteArchitecture, ByteKind};
pub use batch::ByteBatch;
pub use export::{ExportError, compare};
pub use gru::GruModule;
pub use mamba::MambaModule;
pub use transformer::TransformerModule;

/// A network of bytes of one of the families.
#[derive(Module, Debug)]
pub enum ByteNet {
    /// Gated recurrent units.
    Gru(GruModule),
    /// Selective state spaces.
    Mamba(MambaModule),
    /// Attention over segments.
    Transformer(TransformerModule),
}

/// What a network remembers of the bytes before.
#[derive(Clone, Debug, Default)]
pub enum ByteState {
    /// Nothing: the start of a stream.
    #[default]
    Start,
    /// Of gated recurrent units.
    Gru(gru::GruState),
    /// Of selective state spaces, for each layer.
    Mamba(Vec<mamba::MambaState>),
    /// Of attention.
    Transformer(transformer::TransformerState),
}

impl ByteState {
    /// The same state without its history: gradients stop here.
    pub fn detached(self) -> ByteState {
        match self {
            ByteState::Start => ByteState::Start,
            ByteState::Gru(layers) => ByteState::Gru(layers.into_iter().map(Tensor::detach).collect()),
            // Without history from the start.
            state => state,
        }
    }
}

/// A network of bytes, with the switch for quantisation.
#[derive(Module, Debug)]
pub struct ByteModule {
    /// The network.
    pub net: ByteNet,
    quantised: bool,
}

/// How rows of logits are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// `[time][stream]`.
    Time,
    /// `[stream][time]`.
    Stream,
}

impl ByteModule {
    /// Random weights. [`Device::seed`] decides which.
    ///
    /// # Errors
    /// [`ArchitectureError`] if no network is like this.
    pub fn new(architecture: &ByteArchitecture, device: &Device) -> Result<ByteModule, ArchitectureError> {
        architecture.check()?;
        let ByteArchitecture { width, layers, heads, .. } = *architecture;
        let net = match architecture.kind {
            ByteKind::Gru => ByteNet::Gru(GruModule::new(width, layers, device)),
            ByteKind::Mamba => {
                ByteNet::Mamba(MambaModule::new(width, layers, architecture.state, heads, device))
            }
            ByteKind::Transformer => ByteNet::Transformer(TransformerModule::new(architecture, device)),
        };
        Ok(ByteModule { net, quantised: false })
    }

    /// The same network, its weights rounded to 8 bits in each pass and its activations limited, or neither.
    pub fn quantised(mut self, quantised: bool) -> ByteModule {
        self.quantised = quantised;
        self
    }

    /// Whether the weights are rounded in each pass.
    pub fn is_quantised(&self) -> bool {
        self.quantised
    }

    /// Bytes of a record, 0 if the network knows of none.
    pub fn record(&self) -> usize {
        match &self.net {
            ByteNet::Transformer(net) => net.positions.as_ref().map_or(0, |positions| positions.dims()[0]),
            _ => 0,
        }
    }

    /// The least length of a piece of a stream that is at least `about` and after which a state can be carried on.
    pub fn piece(&self, about: usize) -> usize {
        match &self.net {
            ByteNet::Transformer(net) => about.max(1).next_multiple_of(net.segment),
            _ => about.max(1),
        }
    }

    /// Where the weights are.
    pub fn device(&self) -> Device {
        match &self.net {
            ByteNet::Gru(net) => net.output.weight.val().device(),
            ByteNet::Mamba(net) => net.output.weight.val().device(),
            ByteNet::Transformer(net) => net.output.weight.val().device(),
        }
    }

    /// Logits as rows. A state of another family counts as none.
    fn rows(&self, batch: &ByteBatch, state: ByteState) -> (Tensor<2>, ByteState, Order) {
        let before = batch.before.clone();
        match &self.net {
            ByteNet::Gru(net) => {
                let state = if let ByteState::Gru(state) = state { Some(state) } else { None };
                let (rows, state) = net.forward(before, state, self.quantised);
                (rows, ByteState::Gru(state), Order::Time)
            }
            ByteNet::Mamba(net) => {
                let state = if let ByteState::Mamba(state) = state { Some(state) } else { None };
                let (rows, state) = net.forward(before, state, self.quantised);
                (rows, ByteState::Mamba(state), Order::Stream)
            }
            ByteNet::Transformer(net) => {
                let state = if let ByteState::Transformer(state) = state { Some(state) } else { None };
                let (rows, state) =
                    net.forward(before, batch.phase.clone(), batch.segment, state, self.quantised);
                (rows, state.map_or(ByteState::Start, ByteState::Transformer), Order::Stream)
            }
        }
    }

    /// Logits of the bytes after those of `batch`, `[stream][time][256]`, and the state after the last.
    pub fn logits(&self, batch: &ByteBatch, state: ByteState) -> (Tensor<3>, ByteState) {
        let [streams, time] = batch.before.dims();
        let (rows, state, order) = self.rows(batch, state);
        let logits = match order {
            Order::Time => rows.reshape([time, streams, 256]).swap_dims(0, 1),
            Order::Stream => rows.reshape([streams, time, 256]),
        };
        (logits, state)
    }

    /// Mean cross entropy of `batch` in nats for each byte, and the state after its last byte (without history).
    pub fn loss(&self, batch: &ByteBatch, state: ByteState) -> (Tensor<1>, ByteState) {
        let (rows, state, order) = self.rows(batch, state);
        (loss::cross_entropy(rows, ordered(batch.next.clone(), order)), state.detached())
    }

    /// Mean divergence from the `teacher`'s logits for `batch` (`[stream][time][256]`), as [`loss::distillation`] has
    /// it, and the state after the last byte (without history).
    pub fn distillation(
        &self,
        batch: &ByteBatch,
        state: ByteState,
        teacher: Tensor<3>,
        temperature: f64,
    ) -> (Tensor<1>, ByteState) {
        let [streams, time] = batch.before.dims();
        let (rows, state, order) = self.rows(batch, state);
        let teacher = match order {
            Order::Time => teacher.swap_dims(0, 1),
            Order::Stream => teacher,
        };
        (loss::distillation(rows, teacher.reshape([streams * time, 256]), temperature), state.detached())
    }
}

/// `[stream][time]` as the rows are.
fn ordered(bytes: Tensor<2, Int>, order: Order) -> Tensor<1, Int> {
    let n = bytes.shape().num_elements();
    match order {
        Order::Time => bytes.transpose().reshape([n]),
        Order::Stream => bytes.reshape([n]),
    }
}
