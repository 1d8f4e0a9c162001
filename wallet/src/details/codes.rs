//! Lists of codes, packed: two letters each.

/// ISO 3166-1 alpha-2.
const COUNTRIES: &str = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

/// ISO 639-1.
const LANGUAGES: &str = "aaabaeafakamanarasavayazbabebgbhbibmbnbobrbscacechcocrcscucvcydadedvdzeeeleneoeseteufafffifjfofrfygagdglgngugvhahehihohrhthuhyhziaidieigiiikioisitiujajvkakgkikjkkklkmknkokrkskukvkwkylalblglilnloltlulvmgmhmimkmlmnmrmsmtmynanbndnengnlnnnonrnvnyocojomorospapiplpsptqurmrnrorurwsascsdsesgsiskslsmsnsosqsrssstsusvswtatetgthtitktntotrtstttwtyugukuruzvevivowawoxhyiyozazhzu";

pub(super) fn countries() -> Vec<&'static str> {
    pairs(COUNTRIES)
}

pub(super) fn languages() -> Vec<&'static str> {
    pairs(LANGUAGES)
}

pub(super) fn is_country(code: &str) -> bool {
    is_in(COUNTRIES, code)
}

pub(super) fn is_language(code: &str) -> bool {
    is_in(LANGUAGES, code)
}

fn is_in(packed: &str, code: &str) -> bool {
    packed.as_bytes().chunks(2).any(|pair| pair == code.as_bytes())
}

fn pairs(packed: &'static str) -> Vec<&'static str> {
    (0..packed.len())
        .step_by(2)
        .filter_map(|at| packed.get(at..at + 2))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_whole_and_in_order() {
        for (list, count) in [(countries(), 249), (languages(), 183)] {
            assert_eq!(list.len(), count);
            assert!(list.is_sorted());
            assert!(list.iter().all(|code| code.len() == 2));
        }
        assert!(
            is_language("fy")
                && !is_language("xx")
                && is_country("NL")
                && !is_country("XX")
                && !is_country("nl")
        );
    }
}
