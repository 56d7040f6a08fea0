//! What a kernel makes of the side of a picture, at compile time.

use dfdx::shapes::{Const, ConstDim};

use super::channels::Sides;

/// The sides of pictures that a kernel with `K` rows and columns fits which moves `S` pixels at a time
/// and reaches `P` pixels over the edge.
///
/// `Const<28>: Window<3, 2, 1>` says that such a picture may have 28 rows, and
/// [`Out`](Self::Out) that the result has `(28 + 2 * 1 - 3) / 2 + 1 = 14`. Stable Rust cannot work
/// with the constants of a type, so it is written down for the kernels that are in use, each on pictures
/// of up to 256 pixels.
#[diagnostic::on_unimplemented(
    message = "a {K}x{K} kernel with stride {S} and padding {P} does not fit a picture whose side is `{Self}`",
    label = "this picture is smaller than the kernel, or nobody has said what becomes of it",
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

/// `windows!(from 3: 7 2 0)`: the kernel of size 7 with stride 2 and padding 0 fits sides from 3 on.
macro_rules! windows {
    ($(from $first:tt: [$($k:tt/$s:tt/$p:tt)*])*) => {
        $($(windows!(@from $first, $k $s $p);)*)*
    };
    (@from 1, $k:tt $s:tt $p:tt) => {
        windows!(@each $k $s $p: 1 2 3 4);
        windows!(@from 5, $k $s $p);
    };
    (@from 2, $k:tt $s:tt $p:tt) => {
        windows!(@each $k $s $p: 2 3 4);
        windows!(@from 5, $k $s $p);
    };
    (@from 3, $k:tt $s:tt $p:tt) => {
        windows!(@each $k $s $p: 3 4);
        windows!(@from 5, $k $s $p);
    };
    (@from 5, $k:tt $s:tt $p:tt) => {
        windows!(@each $k $s $p:
            5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40
            41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74
            75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 96 97 98 99 100 101 102 103 104 105 106
            107 108 109 110 111 112 113 114 115 116 117 118 119 120 121 122 123 124 125 126 127 128 129 130 131
            132 133 134 135 136 137 138 139 140 141 142 143 144 145 146 147 148 149 150 151 152 153 154 155 156
            157 158 159 160 161 162 163 164 165 166 167 168 169 170 171 172 173 174 175 176 177 178 179 180 181
            182 183 184 185 186 187 188 189 190 191 192 193 194 195 196 197 198 199 200 201 202 203 204 205 206
            207 208 209 210 211 212 213 214 215 216 217 218 219 220 221 222 223 224 225 226 227 228 229 230 231
            232 233 234 235 236 237 238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256
        );
    };
    (@each $k:tt $s:tt $p:tt: $($side:tt)*) => {
        $(impl Window<$k, $s, $p> for Const<$side> {
            type Out = Const<{ ($side + 2 * $p - $k) / $s + 1 }>;
        })*
    };
}

windows! {
    from 1: [1/1/0 1/2/0 3/1/1 3/2/1 5/1/2 5/2/2 7/1/3 7/2/3]
    from 2: [2/1/0 2/2/0 4/2/1]
    from 3: [3/1/0 3/2/0]
    from 5: [5/1/0 5/2/0]
}
