//! Networks of bytes in floating point: what training sees of `hepz_neural::bytes`.
//!
//! In: an architecture, bytes. Out: logits and losses with gradients; in the end integer networks.
//! Not here: the loop that trains (the rest of this crate), inference (`hepz_neural`).
//! Holds: the equations of `hepz_neural::bytes`; with quantisation on, weights are those that the integer network has.

pub mod architecture;
pub mod batch;
pub mod dense;
pub mod gru;
pub mod loss;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

pub use architecture::{ArchitectureError, ByteArchitecture, ByteKind};
pub use batch::ByteBatch;
pub use gru::GruModule;

/// A network of bytes of one of the families.
#[derive(Module, Debug)]
pub enum ByteNet {
    /// Gated recurrent units.
    Gru(GruModule),
}

/// What a network remembers of the bytes before.
#[derive(Clone, Debug, Default)]
pub enum ByteState {
    /// Nothing: the start of a stream.
    #[default]
    Start,
    /// Of gated recurrent units.
    Gru(gru::GruState),
}

impl ByteState {
    /// The same state without its history: gradients stop here.
    pub fn detached(self) -> ByteState {
        match self {
            ByteState::Start => ByteState::Start,
            ByteState::Gru(layers) => ByteState::Gru(layers.into_iter().map(Tensor::detach).collect()),
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
}

impl ByteModule {
    /// Random weights. [`Device::seed`] decides which.
    ///
    /// # Errors
    /// [`ArchitectureError`] if no network is like this.
    pub fn new(architecture: &ByteArchitecture, device: &Device) -> Result<ByteModule, ArchitectureError> {
        architecture.check()?;
        let ByteArchitecture { width, layers, .. } = *architecture;
        let net = match architecture.kind {
            ByteKind::Gru => ByteNet::Gru(GruModule::new(width, layers, device)),
            kind => return Err(ArchitectureError::Missing(kind)),
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

    fn rows(&self, batch: &ByteBatch, state: ByteState) -> (Tensor<2>, ByteState, Order) {
        match (&self.net, state) {
            (ByteNet::Gru(net), state) => {
                let ByteState::Gru(state) = state else { return self.rows_of_gru(net, batch, None) };
                self.rows_of_gru(net, batch, Some(state))
            }
        }
    }

    fn rows_of_gru(
        &self,
        net: &GruModule,
        batch: &ByteBatch,
        state: Option<gru::GruState>,
    ) -> (Tensor<2>, ByteState, Order) {
        let (rows, state) = net.forward(batch.before.clone(), state, self.quantised);
        (rows, ByteState::Gru(state), Order::Time)
    }

    /// Logits of the bytes after those of `batch`, `[stream][time][256]`, and the state after the last.
    pub fn logits(&self, batch: &ByteBatch, state: ByteState) -> (Tensor<3>, ByteState) {
        let [streams, time] = batch.before.dims();
        let (rows, state, order) = self.rows(batch, state);
        let logits = match order {
            Order::Time => rows.reshape([time, streams, 256]).swap_dims(0, 1),
        };
        (logits, state)
    }

    /// Mean cross entropy of `batch` in nats for each byte, and the state after its last byte (without history).
    pub fn loss(&self, batch: &ByteBatch, state: ByteState) -> (Tensor<1>, ByteState) {
        let (rows, state, order) = self.rows(batch, state);
        (loss::cross_entropy(rows, ordered(batch.next.clone(), order)), state.detached())
    }
}

/// `[stream][time]` as the rows are.
fn ordered(bytes: Tensor<2, Int>, order: Order) -> Tensor<1, Int> {
    let n = bytes.shape().num_elements();
    match order {
        Order::Time => bytes.transpose().reshape([n]),
    }
}
