//! Sums over all rows, channel by channel.

use crate::simd::{Loops, run_loops};
use crate::sizes::{product, zeros};
use crate::threads::{for_each_piece, rows_of_piece};

/// Two sums for each channel of what `term` makes of the numbers of each row, and of a number of the
/// channel's own.
///
/// The rows are added up in pieces, and then the pieces, each in their order.
pub(crate) fn sums<const N: usize>(
    inputs: [&[f32]; N],
    of_channel: &[f32],
    term: impl Fn([f32; N], f32) -> [f32; 2] + Sync,
) -> [Vec<f64>; 2] {
    let channels = of_channel.len();
    let rows = inputs[0].len() / channels;
    let piece = rows_of_piece(rows, channels);
    let of = format_args!("sums of {rows} rows of {channels} channels");
    let mut parts = zeros(product([rows.div_ceil(piece), 2, channels], of), of);
    for_each_piece(&mut parts, 2 * channels, |at, sums| {
        let (first, second) = sums.split_at_mut(channels);
        let range = at * piece * channels..rows.min((at + 1) * piece) * channels;
        let inputs = inputs.map(|input| &input[range.clone()]);
        run_loops(AddRows { inputs, of_channel, sums: [first, second], term: &term });
    });
    let mut totals = [vec![0.0; channels], vec![0.0; channels]];
    for part in parts.chunks_exact(2 * channels) {
        for (totals, sums) in totals.iter_mut().zip(part.chunks_exact(channels)) {
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total += f64::from(*sum);
            }
        }
    }
    totals
}

/// Adds up rows. Some channels at a time, so that their sums stay in registers.
struct AddRows<'a, F, const N: usize> {
    inputs: [&'a [f32]; N],
    of_channel: &'a [f32],
    sums: [&'a mut [f32]; 2],
    term: &'a F,
}

impl<F: Fn([f32; N], f32) -> [f32; 2], const N: usize> Loops for AddRows<'_, F, N> {
    #[inline(always)]
    fn run(self) {
        let Self { inputs, of_channel, sums: [first, second], term } = self;
        const AT_ONCE: usize = 32;
        let channels = of_channel.len();
        let (whole, _) = of_channel.as_chunks::<AT_ONCE>();
        for (block, of_channel) in whole.iter().enumerate() {
            let (mut sums, mut others) = ([0.0; AT_ONCE], [0.0; AT_ONCE]);
            for row in (block * AT_ONCE..inputs[0].len()).step_by(channels) {
                let numbers =
                    inputs.map(|input| input[row..].first_chunk::<AT_ONCE>().expect("a row"));
                for at in 0..AT_ONCE {
                    let [one, other] = term(numbers.map(|numbers| numbers[at]), of_channel[at]);
                    sums[at] += one;
                    others[at] += other;
                }
            }
            first[block * AT_ONCE..][..AT_ONCE].copy_from_slice(&sums);
            second[block * AT_ONCE..][..AT_ONCE].copy_from_slice(&others);
        }
        for channel in whole.len() * AT_ONCE..channels {
            for at in (channel..inputs[0].len()).step_by(channels) {
                let [one, other] = term(inputs.map(|input| input[at]), of_channel[channel]);
                first[channel] += one;
                second[channel] += other;
            }
        }
    }
}
