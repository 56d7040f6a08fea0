//! What a kernel makes of the side of a picture, at compile time.

use dfdx::shapes::{Const, ConstDim};

use super::channels::Sides;

/// The sides of pictures that a kernel with `K` rows and columns fits which moves `S` pixels at a time
/// and reaches `P` pixels over the edge.
///
/// `Const<28>: Window<3, 2, 1>` says that such a picture may have 28 rows, and
/// [`Out`](Self::Out) that the result has `(28 + 2 * 1 - 3) / 2 + 1 = 14`. Stable Rust cannot work
/// with the constants of a type, so what is written down is each side up to 256, less a few pixels and by half. The kernels in
/// use are put together from that.
#[diagnostic::on_unimplemented(
    message = "a {K}x{K} kernel with stride {S} and padding {P} does not fit an image whose side is `{Self}`",
    label = "this image is smaller than the kernel, or nobody has said what becomes of it",
    note = "the side of the result is (side + 2 * padding - kernel) / stride + 1, rounded down; it is known for \
            sides up to 256 and the kernels 1/1/0, 1/2/0, 2/1/0, 2/2/0, 3/1/0, 3/1/1, 3/2/0, 3/2/1, 4/2/1, 5/1/0, \
            5/1/2, 5/2/0, 5/2/2, 7/1/3 and 7/2/3 (size/stride/padding)"
)]
pub trait Window<const K: usize, const S: usize, const P: usize>: ConstDim {
    /// The side of the result.
    type Out: ConstDim;
}

/// The rows of what a kernel makes of pictures of shape `X`.
pub(crate) type OutHeight<X, const K: usize, const S: usize, const P: usize> =
    <<X as Sides>::Height as Window<K, S, P>>::Out;

/// Their columns.
pub(crate) type OutWidth<X, const K: usize, const S: usize, const P: usize> =
    <<X as Sides>::Width as Window<K, S, P>>::Out;

/// A side of 2 to 256 pixels, and what is left of it without one of them.
#[diagnostic::on_unimplemented(
    message = "a 2x2 kernel without padding does not fit an image whose side is `{Self}`",
    label = "this image is smaller than the kernel, or nobody has said what becomes of it",
    note = "the side of the result is (side + 2 * padding - kernel) / stride + 1, rounded down; it is known for \
            sides up to 256"
)]
pub trait LessOne: ConstDim {
    /// One pixel less.
    type Out: ConstDim;
}

/// A side of 3 to 256 pixels, and what is left of it without two of them.
#[diagnostic::on_unimplemented(
    message = "a 3x3 kernel without padding does not fit an image whose side is `{Self}`",
    label = "this image is smaller than the kernel, or nobody has said what becomes of it",
    note = "the side of the result is (side + 2 * padding - kernel) / stride + 1, rounded down; it is known for \
            sides up to 256"
)]
pub trait LessTwo: ConstDim {
    /// Two pixels less.
    type Out: ConstDim;
}

/// A side of 5 to 256 pixels, and what is left of it without four of them.
#[diagnostic::on_unimplemented(
    message = "a 5x5 kernel without padding does not fit an image whose side is `{Self}`",
    label = "this image is smaller than the kernel, or nobody has said what becomes of it",
    note = "the side of the result is (side + 2 * padding - kernel) / stride + 1, rounded down; it is known for \
            sides up to 256"
)]
pub trait LessFour: ConstDim {
    /// Four pixels less.
    type Out: ConstDim;
}

/// A side of 1 to 256 pixels, and how many there are if every second one is taken, from the first on.
pub trait EverySecond: ConstDim {
    /// Half of the side, rounded up.
    type Out: ConstDim;
}

/// This is all that is written down for each side. An `impl` for each kernel and side would be 3,800, and the
/// compiler would compare each one with all others.
macro_rules! sides {
    ([$one:tt] [$two:tt] [$($three:tt)*] [$($five:tt)*]) => {
        less!(LessOne 1: $two $($three)* $($five)*);
        less!(LessTwo 2: $($three)* $($five)*);
        less!(LessFour 4: $($five)*);
        every_second!($one $two $($three)* $($five)*);
    };
}

macro_rules! less {
    ($less:ident $by:tt: $($side:tt)*) => {
        $(impl $less for Const<$side> {
            type Out = Const<{ $side - $by }>;
        })*
    };
}

macro_rules! every_second {
    ($($side:tt)*) => {
        $(impl EverySecond for Const<$side> {
            type Out = Const<{ $side / 2 + $side % 2 }>;
        })*
    };
}

sides! {
    [1] [2] [3 4] [
        5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36
        37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66
        67 68 69 70 71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 96
        97 98 99 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119
        120 121 122 123 124 125 126 127 128 129 130 131 132 133 134 135 136 137 138 139 140 141 142
        143 144 145 146 147 148 149 150 151 152 153 154 155 156 157 158 159 160 161 162 163 164 165
        166 167 168 169 170 171 172 173 174 175 176 177 178 179 180 181 182 183 184 185 186 187 188
        189 190 191 192 193 194 195 196 197 198 199 200 201 202 203 204 205 206 207 208 209 210 211
        212 213 214 215 216 217 218 219 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234
        235 236 237 238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256
    ]
}

/// `windows!([3/1/1] where {...}: Out)`: on sides that fit, a kernel of size 3 with stride 1 and padding 1 gives `Out`.
/// An error names the kernel and not these helpers.
macro_rules! windows {
    ($([$($k:tt/$s:tt/$p:tt)*] where $fits:tt: $out:ty;)*) => {
        $($(windows!(@each $k $s $p $fits $out);)*)*
    };
    (@each $k:tt $s:tt $p:tt {$($fits:tt)*} $out:ty) => {
        #[diagnostic::do_not_recommend]
        impl<const N: usize> Window<$k, $s, $p> for Const<N>
        where
            $($fits)*
        {
            type Out = $out;
        }
    };
}

/// Half of a side, rounded up.
type Half<N> = <N as EverySecond>::Out;

windows! {
    // (side + 2 * padding - kernel) / stride + 1 is the side itself: the kernel reaches as far as its padding.
    [1/1/0 3/1/1 5/1/2 7/1/3] where {Const<N>: EverySecond}: Const<N>;
    [1/2/0 3/2/1 5/2/2 7/2/3] where {Const<N>: EverySecond}: Half<Const<N>>;
    // The kernel reaches further, and the picture gets smaller by one, by two, by four.
    [2/1/0] where {Const<N>: LessOne}: <Const<N> as LessOne>::Out;
    [2/2/0 4/2/1] where {Const<N>: LessOne<Out: EverySecond>}: Half<<Const<N> as LessOne>::Out>;
    [3/1/0] where {Const<N>: LessTwo}: <Const<N> as LessTwo>::Out;
    [3/2/0] where {Const<N>: LessTwo<Out: EverySecond>}: Half<<Const<N> as LessTwo>::Out>;
    [5/1/0] where {Const<N>: LessFour}: <Const<N> as LessFour>::Out;
    [5/2/0] where {Const<N>: LessFour<Out: EverySecond>}: Half<<Const<N> as LessFour>::Out>;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The side, and what the formula makes of it.
    fn check<const N: usize, const K: usize, const S: usize, const P: usize>()
    where
        Const<N>: Window<K, S, P>,
    {
        let out = <<Const<N> as Window<K, S, P>>::Out as ConstDim>::SIZE;
        assert_eq!(out, (N + 2 * P - K) / S + 1, "{N}: {K}/{S}/{P}");
    }

    macro_rules! check {
        (@side $side:tt [$($k:tt/$s:tt/$p:tt)*]) => {
            $(check::<$side, $k, $s, $p>();)*
        };
        ($kernels:tt $($side:tt)*) => {
            $(check!(@side $side $kernels);)*
        };
    }

    #[test]
    fn each_kernel_makes_of_a_side_what_the_formula_says() {
        check!([1/1/0 1/2/0 3/1/1 3/2/1 5/1/2 5/2/2 7/1/3 7/2/3] 1 2 3 4 5 6 7 28 127 255 256);
        check!([2/1/0 2/2/0 4/2/1] 2 3 4 5 6 7 28 127 255 256);
        check!([3/1/0 3/2/0] 3 4 5 6 7 28 127 255 256);
        check!([5/1/0 5/2/0] 5 6 7 8 9 28 127 255 256);
    }
}
