//! Devices: what this build and this machine can train on.
//!
//! In: what is wanted. Out: a device with gradients, or why there is none.
//! Not here: what runs on it.
//! Holds: looking for a GPU never panics and never opens one on a build without the feature `gpu`.

use burn::tensor::Device;

use crate::config::{DeviceKind, Placement, Precision};

/// Why there is no such device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// This build looks for none.
    #[error("this build trains on the CPU only; build it with the feature `gpu`")]
    NotBuilt,
    /// There is none.
    #[error("no GPU was found through Vulkan; is a driver installed?")]
    NoGpu,
    /// It does not compute with such numbers.
    #[error("device.precision: this device does not compute with bf16; say f32")]
    Precision,
    /// It was opened with other settings before.
    #[error("device: {0}")]
    Settings(String),
}

/// A device and what it is.
#[derive(Clone, Debug)]
pub struct Place {
    /// The device, with gradients.
    pub device: Device,
    /// For messages.
    pub name: String,
    /// True for a GPU.
    pub is_gpu: bool,
}

/// The GPUs that are there.
#[cfg(feature = "gpu")]
fn gpus() -> Vec<Device> {
    use burn::tensor::DeviceType;
    // Drivers that are half installed have been seen to panic inside the loader.
    std::panic::catch_unwind(|| Device::enumerate(DeviceType::Vulkan).into_vec()).unwrap_or_default()
}

/// The GPUs that are there: none is looked for.
#[cfg(not(feature = "gpu"))]
fn gpus() -> Vec<Device> {
    Vec::new()
}

/// The device that is wanted.
///
/// # Errors
/// [`DeviceError`] if a GPU is wanted and there is none, or it does not have the precision.
pub fn choose(placement: Placement) -> Result<Place, DeviceError> {
    let gpu = if placement.kind == DeviceKind::Cpu { None } else { gpus().into_iter().next() };
    let (mut device, is_gpu) = match (gpu, placement.kind) {
        (Some(gpu), _) => (gpu, true),
        (None, DeviceKind::Gpu) if cfg!(feature = "gpu") => return Err(DeviceError::NoGpu),
        (None, DeviceKind::Gpu) => return Err(DeviceError::NotBuilt),
        (None, _) => (Device::flex(), false),
    };
    if placement.precision == Precision::Bf16 {
        if !is_gpu || !device.supports_dtype(placement.precision.dtype()) {
            return Err(DeviceError::Precision);
        }
        device
            .configure(placement.precision.dtype())
            .map_err(|error| DeviceError::Settings(error.to_string()))?;
    }
    let name = if is_gpu { format!("{device:?}") } else { "CPU".to_owned() };
    let device = device.autodiff();
    let device = if placement.checkpointing { device.gradient_checkpointing() } else { device };
    Ok(Place { device, name, is_gpu })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_cpu_and_it_has_no_bf16() {
        let cpu = Placement { kind: DeviceKind::Cpu, ..Placement::default() };
        let place = choose(cpu).unwrap();
        assert!(!place.is_gpu && place.device.is_autodiff());
        assert!(choose(Placement { precision: Precision::Bf16, ..cpu }).is_err());
        assert!(choose(Placement::default()).is_ok());
    }
}
