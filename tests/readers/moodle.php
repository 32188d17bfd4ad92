<?php
// Moodle's own importer and question types, without the rest of Moodle.
//
//     php moodle.php CHECKOUT QUIZ.xml < answers.json
//
// answers.json has a list of answers for each question. Prints, as JSON, the category, the
// questions with their answers (text, fraction, feedback), and the marks of the given answers.
error_reporting(E_ALL & ~E_DEPRECATED);
define('MOODLE_INTERNAL', true);
$CFG = (object) ['dirroot' => $argv[1], 'libdir' => "$argv[1]/lib"];
$formats = ['FORMAT_MOODLE', 'FORMAT_HTML', 'FORMAT_PLAIN', 'FORMAT_WIKI', 'FORMAT_MARKDOWN'];
$types = ['PARAM_TEXT', 'PARAM_RAW', 'PARAM_RAW_TRIMMED', 'PARAM_INT', 'PARAM_FLOAT', 'PARAM_BOOL'];
foreach ([...$formats, ...$types] as $number => $name) define($name, $number);

interface cache_data_source {}
class moodle_exception extends Exception {
    function __construct($code, $module = '', $link = '', $about = null) {
        parent::__construct("$code " . json_encode($about));
    }
}
class coding_exception extends moodle_exception {}
class core_text {
    static function substr($text, $start, $length = null) { return mb_substr($text, $start, $length); }
    static function strlen($text) { return mb_strlen($text); }
}
class core_tag_tag { static function is_enabled($component, $type) { return false; } }
function get_string($name) { return ['decsep' => '.', 'thousandssep' => ','][$name] ?? $name; }
function get_config($plugin, $name) { return true; }
function clean_param($text, $type) { return $type == PARAM_TEXT ? strip_tags($text) : $text; }
function format_float($number, $digits) { return (string) round($number, $digits); }
function shorten_text($text, $length) { return mb_substr($text, 0, $length); }
function debugging($message) { throw new Exception($message); }

function load($file) {
    // Drop the files that this one requires: the functions above stand in for them.
    $code = preg_replace('/^\s*require_once.*$/m', '', file_get_contents($file));
    // Since PHP 8.1, the property $line of exceptions has a type.
    $code = str_replace('public $line;', 'public int $line;', $code);
    eval(substr($code, strlen('<?php')));
}
$files = ['lib/xmlize', 'question/engine/states', 'question/type/questionbase',
    'question/type/questiontypebase', 'question/engine/bank', 'question/format',
    'question/format/xml/format', 'question/type/numerical/question',
    'question/type/numerical/questiontype', 'question/type/shortanswer/question'];
foreach ($files as $file) load("$CFG->dirroot/$file.php");

class reader extends qformat_xml {
    function read($file) { return $this->readquestions(file($file)); }
    protected function error($message, $text = '', $name = '') { throw new Exception($message); }
}

function question($read, $answers) {
    if ($read->qtype == 'numerical') {
        $question = new qtype_numerical_question();
        $question->ap = new qtype_numerical_answer_processor([]);
        $question->unitdisplay = qtype_numerical::UNITNONE;
        $question->unitgradingtype = 0;
    } else {
        $question = new qtype_shortanswer_question();
        $question->usecase = $read->usecase;
    }
    $question->answers = $answers;
    return $question;
}

function marked($read, $question, $answer) {
    $response = ['answer' => $answer];
    [$fraction] = $question->grade_response($response);
    $found = $read->qtype == 'numerical'
        ? $question->get_matching_answer($question->ap->apply_units($answer)[0], null)
        : $question->get_matching_answer($response);
    return [$answer, $fraction, $found ? $found->feedback : ''];
}

$given = json_decode(stream_get_contents(STDIN), true);
$allowed = array_map('strval', array_keys(question_bank::fraction_options_full()));
$found = ['questions' => []];
foreach ((new reader())->read($argv[2]) as $read) {
    if ($read->qtype == 'category') {
        $found['category'] = $read->category;
        continue;
    }
    $answers = [];
    foreach ($read->answer as $index => $answer) {
        if (!in_array((string) $read->fraction[$index], $allowed)) throw new Exception('fraction');
        $parts = [$index, is_array($answer) ? $answer['text'] : $answer, $read->fraction[$index],
            $read->feedback[$index]['text'], FORMAT_HTML];
        $answers[] = $read->qtype == 'numerical'
            ? new qtype_numerical_answer(...$parts, ...[$read->tolerance[$index]])
            : new question_answer(...$parts);
    }
    $marks = [];
    if ($read->qtype != 'multichoice') {
        $question = question($read, $answers);
        foreach (array_shift($given) as $answer) $marks[] = marked($read, $question, $answer);
    } else {
        array_shift($given);
        foreach ($answers as $one) $marks[] = [$one->answer, $one->fraction, $one->feedback];
    }
    $found['questions'][] = ['type' => $read->qtype, 'text' => $read->questiontext, 'marks' => $marks];
}
echo json_encode($found, JSON_THROW_ON_ERROR);
