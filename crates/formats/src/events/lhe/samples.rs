//! Les Houches events for tests: three texts as generators write them.
//!
//! In: nothing. Out: text.
//! Not here: what becomes of it (`tests`).
//! Holds: every call gives the same text.

/// What stands before the first event.
pub(super) const HEADER: &str =
    "<LesHouchesEvents version=\"3.0\">\n<header>\n</header>\n<init>\n2212 2212\n</init>\n";

/// As MadGraph writes it today, with weights.
pub(super) fn c_style() -> String {
    let mut text = HEADER.to_owned();
    for (number, x) in [(1, "1.2345678901"), (2, "7.0000000000"), (3, "2.5000000001")] {
        text += &format!(
            "<event>
 5      1 +{x}e+00 9.12345600e+01 7.81860000e-03 1.18000000e-01
        2 -1    0    0  501    0 +0.0000000000e+00 +0.0000000000e+00 +{x}e+02 {x}e+02 0.0000000000e+00 0.0000e+00 1.0000e+00
       -2 -1    0    0    0  501 -0.0000000000e+00 -0.0000000000e+00 -{x}e+01 {x}e+01 0.0000000000e+00 0.0000e+00 -1.0000e+00
       23  2    1    2    0    0 +0.0000000000e+00 +0.0000000000e+00 +1.1111101011e+02 1.3579246790e+02 9.1187600000e+01 0.0000e+00 0.0000e+00
      -11  1    3    3    0    0 +{x}e+00 -3.3333333333e+00 +1.1111101011e-02 1.3579246790e+02 0.0000000000e+00 0.0000e+00 1.0000e+00
       11  1    3    3    0    0 -{x}e+00 +3.3333333333e+00 +1.1111101011e+02 1.3579246790e+02 0.0000000000e+00 0.0000e+00 -1.0000e+00
<mgrwt>
<rscale>  0 0.9123456{number}E+02</rscale>
</mgrwt>
<rwgt>
<wgt id='1001'> +{x}e+00 </wgt>
<wgt id='1002'> +{x}e-01 </wgt>
</rwgt>
</event>
"
        );
    }
    text + "</LesHouchesEvents>\n"
}

/// As Fortran writes it.
pub(super) fn fortran_style() -> String {
    let mut text = HEADER.to_owned();
    for number in 1..=4 {
        text += &format!(
            "<event>
  5   1  0.1000000E+01  0.9118800E+02  0.7546771E-02  0.1179815E+00
       -1   -1    0    0    0  501  0.00000000000E+00  0.00000000000E+00  0.1959009363{number}E+02  0.19590093630E+02  0.00000000000E+00 0.  1.
        1   -1    0    0  501    0  0.00000000000E+00  0.00000000000E+00 -0.82194075538E+03  0.82194075538E+03  0.00000000000E+00 0. -1.
       23    2    1    2    0    0  0.00000000000E+00  0.00000000000E+00 -0.81998174602E+03  0.82389976475E+03  0.80254336596E+02 0.  0.
      -13    1    3    0    0    0 -0.98964411343E+00 -0.16034660722E-02 -0.77369808316E+03  0.77392749904E+03  0.00000000000E+00 0. -1.
       13    1    3    0    0    0  0.98964411343E+00  0.16034660722E-02 -0.46283662859E+02  0.49972265701E+02  0.00000000000E+00 0.  1.
#  0.7000000E+04  0.7000000E+04
<clustering>
<clus scale=\"   80.254\">  4  5 -1 -1</clus>
</clustering>
</event>
"
        );
    }
    text + "</LesHouchesEvents>\n"
}

/// As MadGraph writes events for matching: the jet's transverse momentum and the leptons' mass stand in other lines again.
pub(super) fn matched_style() -> String {
    let mut text = HEADER.to_owned();
    for (x, y) in [(3.0, 4.0), (30.0, 40.0), (60.0, 80.0), (15.0, 36.0), (8.0, 15.0), (80.0, 150.0)] {
        let fortran = |value: f64, digits: usize| {
            let exponent = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 + 1 };
            let mantissa = value.abs() / 10f64.powi(exponent);
            let sign = if value < 0.0 { "-" } else { "" };
            format!("{sign}{mantissa:.digits$}E{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
        };
        // The resonance goes against a gluon that goes forwards.
        let z = 50.0 + x;
        let leptons = [[40.0, 30.0, 10.0], [-40.0 - x, -30.0 - y, 25.0]];
        let size = |p: [f64; 3]| (p[0] * p[0] + p[1] * p[1] + p[2] * p[2]).sqrt();
        let (jet, energy) = (size([x, y, z]), size(leptons[0]) + size(leptons[1]));
        let mass = (energy * energy - size([x, y, 35.0]).powi(2)).sqrt();
        let (sum, along) = (energy + jet, 35.0 + z);
        let lines = [
            (2, -1, [0, 0], [501, 0], [0.0, 0.0, (sum + along) / 2.0], (sum + along) / 2.0, 0.0),
            (-2, -1, [0, 0], [0, 502], [0.0, 0.0, (along - sum) / 2.0], (sum - along) / 2.0, 0.0),
            (23, 2, [1, 2], [0, 0], [-x, -y, 35.0], energy, mass),
            (-11, 1, [3, 3], [0, 0], leptons[0], size(leptons[0]), 0.0),
            (11, 1, [3, 3], [0, 0], leptons[1], size(leptons[1]), 0.0),
            (21, 1, [1, 2], [501, 502], [x, y, z], jet, 0.0),
        ];
        text += "<event>\n 6   2  0.3751300E+00  0.9118800E+02  0.7546771E-02  0.1179815E+00\n";
        for (species, status, mothers, flow, p, energy, mass) in lines {
            text += &format!(
                "{species:9}{status:5}{:5}{:5}{:5}{:5}{:>19}{:>19}{:>19}{:>19}{:>19} 0.  1.\n",
                mothers[0],
                mothers[1],
                flow[0],
                flow[1],
                fortran(p[0], 11),
                fortran(p[1], 11),
                fortran(p[2], 11),
                fortran(energy, 11),
                fortran(mass, 11)
            );
        }
        let transverse = x.hypot(y);
        let mut clusterings = [(transverse, "  1  6  2 -1"), (mass, "  4  5 -1 -1")];
        clusterings.sort_by(|a, b| a.0.total_cmp(&b.0));
        text += &format!("#  0.7000000E+04  0.7000000E+04 {:>14}\n<clustering>\n", fortran(transverse, 7));
        for (scale, lines) in clusterings {
            text += &format!("<clus scale=\"{scale:9.3}\">{lines}</clus>\n");
        }
        text += "<clus scale=\"   91.188\">  1  4  2 -1</clus>\n</clustering>\n</event>\n";
    }
    text + "</LesHouchesEvents>\n"
}
