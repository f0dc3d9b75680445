//! Clipping: gradients of all weights together are kept within a norm.
//!
//! In: gradients. Out: the same, scaled by one factor, and their norm.
//! Not here: the framework's own clipping, which scales each tensor by itself.
//! Holds: nothing is read back from the device.
//! Source: R. Pascanu, T. Mikolov, Y. Bengio, arXiv 1211.5063, algorithm 1.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

struct Squares<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.get::<D>(param.id) else { return };
        let square = gradient.square().sum();
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + square,
            None => square,
        });
    }
}

struct Scaling<'a> {
    gradients: &'a mut GradientsParams,
    factor: Tensor<1>,
}

impl ModuleVisitor for Scaling<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return };
        let factor = self.factor.clone().reshape([1; D]);
        self.gradients.register(param.id, gradient * factor);
    }
}

/// Scales `gradients` of `module` by `factor`, and down to the norm `most` if it is larger; gives the norm before
/// the latter.
pub fn clipped<M: Module>(
    module: &M,
    mut gradients: GradientsParams,
    factor: f64,
    most: f64,
) -> (GradientsParams, Option<Tensor<1>>) {
    let mut squares = Squares { gradients: &gradients, sum: None };
    module.visit(&mut squares);
    let Some(sum) = squares.sum else { return (gradients, None) };
    let norm = sum.sqrt() * factor;
    // In units of `most`; never more than the factor.
    let factor = (norm.clone() / most).clamp_min(1.0).recip() * factor;
    module.visit(&mut Scaling { gradients: &mut gradients, factor });
    (gradients, Some(norm))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[derive(Module, Debug)]
    struct Two {
        a: Param<Tensor<2>>,
        b: Param<Tensor<1>>,
    }

    #[test]
    fn the_norm_is_that_of_all_gradients_and_small_ones_stay() {
        let device = Device::flex().autodiff();
        let two = Two { a: Param::from_data([[3.0, 0.0]], &device), b: Param::from_data([4.0], &device) };
        for (most, wanted) in [(1.0, [0.6, 0.8]), (100.0, [3.0, 4.0])] {
            // The gradient of half the square is the value.
            let loss = (two.a.val().square().sum() + two.b.val().square().sum()) / 2.0;
            let gradients = GradientsParams::from_grads(loss.backward(), &two);
            let (gradients, norm) = clipped(&two, gradients, 1.0, most);
            let value = |tensor: Tensor<1>| tensor.try_into_vec_as::<f32>().unwrap()[0];
            assert!((value(norm.unwrap()) - 5.0).abs() < 1e-5);
            let a = gradients.get::<2>(two.a.id).unwrap().try_into_vec_as::<f32>().unwrap();
            let b = value(gradients.get::<1>(two.b.id).unwrap());
            assert!(
                (a[0] - wanted[0]).abs() < 1e-5 && a[1] == 0.0 && (b - wanted[1]).abs() < 1e-5,
                "{a:?} {b}"
            );
        }
    }
}
