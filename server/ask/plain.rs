//! Words of every day that are like words of questions and mean something else: they are never taken for typing errors of
//! those.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Each in its shortest form.
const PLAIN: &str = "\
    able about across act add advert again age ahead almost along among another anything apple apply area article assist attack attend baby back bad bag \
    ball ban band bar base basic bath beach bear beat beauty bed beer behind believe bell belong bend bet bit bite black block blood blow blue boat bone \
    boot border born boss bottom box boy brain branch brand brave bread break breath bridge bright bring broad brown bug burn bus bush busy butter call \
    calls calm camera camp care case cases cash cast cats cell chain chair chance charge chase cheat child church citizen claim claims class clear climate \
    clock close closed closes closing cloud coal coast coat code cold college comfort common concern connect contain content contest continue contract \
    control cook cool cope core correct cost count couple course court cover craft cream credit crew crisis crop cross cure current curve data deal dear \
    death decade decide deck deep deer defend define demo deny depend depth detail die direct dive dog door dose doses drive drum dry due dust each ear \
    earth ease ebooks edge effect eight elect else engine equal error estate even every everything exact example except exist exists exit expect expecting \
    expects expert extra fail fair fall false far fare farm fast fat fault favor fear feel fellow few field file film filter find fine firm fit fix flag \
    flow flower fly fold folk fool forest fork form formal forum free friend fuel full fund game gap gas gate gear gender general give glad goals gold \
    golf good grain great green ground group grow guest gun guy habit half hall hand hang hard hat hate head hear heart heavy height help hero high hint \
    hire hold hole home honest hope horse host hot hour house hunt ideal import install instead iron island just kid kind kindly king knee lady lake large \
    late launch lawyer lead leads leaf learn least leave left legal lemon lend length lesson letter liberty lie life lift likes line lined listen live \
    load loan lock log long loose lose loss lot loud love low lunch mad magic mail main male mark market master match mate matter maybe mean measure meat \
    mental messages metal mile mind mine minor minute mode model modern moon more mother mouse mouth movie much must myth name nation nature near neat \
    neck need nerve net never news noise none north nose nothing nurse obey occur ocean offer often once orange organ other oven owe own owner page pain \
    paint pair pale pants party pass past path pause pen people percent perfect perhaps person phase phone pick piece pile pilot pin pipe place plain \
    plane planet plant plants plate player players please plot podcasts poet point points police poor pop port position post posts pot praise pray prefer \
    present president price pride priest print prison prize process project protect proud pull purse push quick quiet quit quite race rail rain raise \
    range rare rather react read ready real reality reason recall recent red refer region rely remain remote repeat resist respect rest resumes retail \
    retire returns reward rice rich ride rise risk road role root rose rough route royal rule rush sad safe sail salt same sand save scale scan scare \
    scene score scored scores screen sea search season seat seats second secret secure seed seek seem select sense session seven severe shade shake shall \
    shame shape shares sharp sheep shine ship shirt shock shoe shoot shore short shot should shoulder shout sick side sided signal silk since sing sister \
    sit size skill skin slow smart snow soap social soft soil solid solve somehow something soon soul sound soup source south space spare speak speed \
    spend sport spot spring stack stacked staff stage stair stake stamp stand star stare stars state stay stays steal steep stem step stick still stock \
    stone stop storm story strange stream string strong succeed success sudden suit summer sure swing switch tail talent talk tall tape task teach teams \
    tear tell telling tend tent term text theme theory thick thief thin think threat throat through throw ticket tickets tie till tip tire toe together \
    told tone tongue tool tough tour tours trace track tracked tracking trade train training trap travel tree trial trip trips truck true tube tune twin \
    under union usual vacation value vast verb version video virus vision wage wait wall wander war wash wealth wear weather weed weight welcome west \
    where while white whole wide wife win wind window wine wing winner winter wipe wire wise wonder wool world worse worth wound zone";

/// What they may end on; a last `e` or `y` goes before some.
const ENDINGS: [&str; 7] = ["", "s", "es", "d", "ed", "ing", "er"];

static FORMS: LazyLock<HashSet<String>> = LazyLock::new(|| PLAIN.split_whitespace().flat_map(forms).collect());

fn forms(word: &str) -> impl Iterator<Item = String> {
    let plain = ENDINGS.iter().map(move |ending| format!("{word}{ending}"));
    let short = word.strip_suffix('e').map(|short| format!("{short}ing"));
    let soft = word.strip_suffix('y').map(|soft| [format!("{soft}ies"), format!("{soft}ied")]);
    plain.chain(short).chain(soft.into_iter().flatten())
}

/// Whether a word, in whichever form, is one of them.
pub fn is_plain(low: &str) -> bool {
    FORMS.contains(low)
}
