#!/usr/bin/env python3
"""The table behind golden/json: name, bytes, why. Writes the files, or checks that they are these.

usage: generate.py [--check | --list]

    (nothing)  writes every file, and removes *.json that the table does not name
    --check    writes nothing; exit 1 if a file differs, is missing, or is nobody's
    --list     prints name, why

README.md says what the names mean. The tests hold the table to three parsers: Python's
(json_test.py), the judge's and the host's (json_corpus_test.cc in conformance/observe and reference-host/protocol).
"""

import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
PING = b'{"protocol_version":1,"type":"ping","request_id":"json"}'
TABLE = {}  # file name -> (bytes, why)


def row(verdict, group, name, data, why):
    file = f"{verdict}_{group}_{name}.json"
    assert file not in TABLE, file
    TABLE[file] = (data, why)


def rows(verdict, group, why, **contents):
    for name, data in contents.items():
        row(verdict, group, name, data, why)


def text(inner):
    """A JSON string with these bytes between the quotes."""
    return b'"' + inner + b'"'


def structure():
    rows("y", "structure", "each kind of value may stand alone (RFC 8259, 2)",
         empty_object=b"{}", empty_array=b"[]", empty_string=b'""', zero=b"0", true=b"true",
         false=b"false", null=b"null")
    rows("y", "structure", "arrays and objects of everything",
         one_member=b'{"a":1}', two_members=b'{"a":1,"b":2}', empty_key=b'{"":0}',
         key_with_blank=b'{" a ":0}', key_with_escapes=b'{"\\u0061\\n\\"":0}',
         key_with_utf8='{"ключ":0}'.encode(), key_nul_escape=b'{"\\u0000":0}',
         keys_differ_in_case=b'{"a":0,"A":1}', mixed_array=b'[0,"a",true,false,null,{},[]]',
         nested=b'{"a":{"b":[{"c":[[]]}]}}', arrays_side_by_side=b"[[],[],[[]]]",
         wide_array=b"[" + b",".join([b"0"] * 5000) + b"]",
         wide_object=b"{" + b",".join(b'"k%d":%d' % (i, i) for i in range(2000)) + b"}",
         looks_like_a_request=PING, protocol_words_deep=b'{"a":{"request_id":7,"type":null}}')
    rows("n", "structure", "a bracket, comma, colon or value is missing or left over",
         empty=b"", blank=b" ", lone_comma=b",", lone_colon=b":", open_array=b"[", open_object=b"{",
         close_array=b"]", close_object=b"}", array_closed_as_object=b"[1}",
         object_closed_as_array=b'{"a":1]', unclosed_array=b"[1", unclosed_array_comma=b"[1,",
         unclosed_object_key=b'{"a"', unclosed_object_colon=b'{"a":',
         unclosed_object_value=b'{"a":1',
         unclosed_object_comma=b'{"a":1,', unclosed_inner=b"[[]", crossed=b"[{]}",
         trailing_comma_array=b"[1,]", trailing_comma_object=b'{"a":1,}',
         leading_comma_array=b"[,1]",
         leading_comma_object=b'{,"a":1}', double_comma_array=b"[1,,2]",
         double_comma_object=b'{"a":1,,"b":2}', comma_alone_in_array=b"[,]",
         comma_alone_in_object=b"{,}", no_comma_array=b"[1 2]", no_comma_object=b'{"a":1 "b":2}',
         no_comma_strings=b'["a" "b"]', no_colon=b'{"a" 1}', double_colon=b'{"a"::1}',
         comma_for_colon=b'{"a",1}', colon_in_array=b'["a":1]', equals_for_colon=b'{"a"=1}',
         semicolon_for_comma=b"[1;2]", no_value=b'{"a":}', no_key=b"{:1}", key_alone=b'{"a"}',
         value_alone_in_object=b"{1}", number_key=b"{1:1}", null_key=b"{null:1}",
         true_key=b"{true:1}",
         array_key=b"{[]:1}", object_key=b"{{}:1}", bare_key=b"{a:1}", single_quoted_key=b"{'a':1}",
         backquoted=b"`a`", parentheses=b"(1)", angle=b"<1>", ellipsis=b"[1,...]", question=b"?",
         at=b"@", hash=b"#", dollar=b"${x}", star=b"*", pipe=b"[|]", backslash=b"\\",
         lone_quote=b'"', lone_apostrophe=b"'")
    rows("n", "trailing", "one value is one value: nothing but white space may follow",
         second_object=b"{} {}", second_array=b"[][]", second_number=b"1 2", comma=b"{},",
         extra_brace=b"{}}", extra_bracket=b"[]]", word=b"{}x", quote=b'{}"', hash=b"{}#",
         semicolon=b"{};", line_comment=b"{}//c", block_comment=b"{}/*c*/", null_byte=b"{}\x00",
         null_byte_and_more=b"{}\x00{}", control_z=b"{}\x1a", high_byte=b"{}\xff",
         bom=b"{}\xef\xbb\xbf")
    rows("n", "dialect", "what JavaScript, JSON5, YAML or Python allow and RFC 8259 does not",
         line_comment_before=b"//c\r{}", block_comment_before=b"/**/{}", comment_inside=b"[1/*c*/]",
         hash_comment_inside=b"[1#c\r]", single_quotes=b"'a'", nan=b"NaN", minus_nan=b"-NaN",
         infinity=b"Infinity", minus_infinity=b"-Infinity", inf=b"inf", undefined=b"undefined",
         python_none=b"None", python_true=b"True", python_tuple=b"(1,2)", python_bytes=b'b"a"',
         yaml_dash=b"- a", yaml_pair=b"a: b", bare_word=b"abc", joined_strings=b'"a"+"b"',
         regexp=b"/a/", date=b"2026-11-20", hex_float=b"0x1p3", bigint=b"1n", imaginary=b"1j",
         function=b"f()", template=b"`a`", xml=b"<a/>", html=b"<!DOCTYPE html><p>x</p>",
         csv=b"a,b,c", url_encoded=b"a=1&b=2", http=b"HTTP/1.1 200 OK", json_seq=b"\x1e{}",
         concatenated=b"{}{}", bson=b"\x05\x00\x00\x00\x00", cbor=b"\xa1\x61a\x01",
         msgpack=b"\x81\xa1a\x01",
         gzip=b"\x1f\x8b\x08\x00\x00\x00\x00\x00", zip=b"PK\x03\x04", prefix_guard=b")]}',{}")


def literals():
    rows("n", "literal", "true, false and null have one spelling (RFC 8259, 3)",
         capital_true=b"TRUE", capital_false=b"False", capital_null=b"Null", short_true=b"tru",
         short_false=b"fals", short_null=b"nul", long_true=b"truee", long_null=b"nulll",
         true_digit=b"true1", null_in_array_cut=b"[nul]", t=b"t", n=b"n", f=b"f", yes=b"yes",
         on=b"on",
         nil=b"nil", minus_true=b"-true", two_literals=b"truefalse", true_nul=b"true\x00",
         quoted_half=b'tr"ue"', split=b"tr ue", high_byte="тrue".encode(),
         fullwidth="ｔｒｕｅ".encode())
    rows("y", "literal", "in arrays and objects",
         in_array=b"[true,false,null]", in_object=b'{"t":true,"f":false,"n":null}')


def numbers():
    good = {
        "minus_zero": b"-0", "minus_zero_point": b"-0.0", "minus_zero_exp": b"-0e0", "one": b"1",
        "minus_one": b"-1", "ten": b"10", "many_digits": b"12345678901234567", "fraction": b"0.5",
        "fraction_zeros": b"0.000", "fraction_leading_zeros": b"1.001", "trailing_zeros": b"1.500",
        "exp": b"1e2", "exp_capital": b"1E2", "exp_plus": b"1e+2", "exp_capital_plus": b"1E+2",
        "exp_minus": b"1e-2", "exp_capital_minus": b"1E-2", "exp_leading_zeros": b"1e0002",
        "exp_zero": b"1e0", "exp_minus_zero": b"1e-0", "fraction_exp": b"1.25e+10",
        "zero_exp": b"0e1",
        "zero_exp_plus": b"0e+1", "zero_point_exp": b"0.0e-5", "minus_fraction_exp": b"-1.5E-3",
        "int32_max": b"2147483647", "int32_over": b"2147483648",
        "double_exact": b"9007199254740992",
        "double_inexact": b"9007199254740993", "int64_max": b"9223372036854775807",
        "int64_min": b"-9223372036854775808", "uint64_above_int64": b"9223372036854775808",
        "uint64_max": b"18446744073709551615", "double_max": b"1.7976931348623157e308",
        "double_min_normal": b"2.2250738585072014e-308", "double_denormal": b"5e-324",
        "halfway": b"2.2250738585072011e-308", "rounding_tie": b"9007199254740993.0",
        "long_fraction": b"0." + b"3" * 400, "long_integer_part": b"1" * 100 + b".0",
        "long_zero_fraction": b"0." + b"0" * 300 + b"1",
        "pi": b"3.14159265358979323846264338327950288",
        "in_array": b"[0,-0,1.5,1e3]", "as_members": b'{"a":0,"b":-1.5e-5}',
    }
    rows("y", "number", "an optional minus, an integer part, a fraction, an exponent (RFC 8259, 6)",
         **good)
    bad = {
        "plus": b"+1", "plus_zero": b"+0", "leading_zero": b"01", "leading_zeros": b"000",
        "minus_leading_zero": b"-01", "zero_zero_point": b"00.5", "point_first": b".5",
        "minus_point": b"-.5", "point_last": b"1.", "minus_point_last": b"-1.", "zero_point": b"0.",
        "point_exp": b"1.e5", "point_alone": b".", "minus_alone": b"-", "plus_alone": b"+",
        "double_minus": b"--1", "minus_plus": b"-+1", "minus_space": b"- 1", "exp_alone": b"e5",
        "exp_empty": b"1e", "exp_capital_empty": b"1E", "exp_plus_empty": b"1e+",
        "exp_minus_empty": b"1e-", "exp_double": b"1e2e3", "exp_double_sign": b"1e+-2",
        "exp_fraction": b"1e2.5", "exp_space": b"1e 2", "exp_hex": b"1ea",
        "fraction_exp_empty": b"1.5e",
        "zero_exp_empty": b"0e", "zero_exp_plus_empty": b"0e+", "two_points": b"1.2.3",
        "two_points_together": b"1..2", "comma_decimal": b"[1,5,]", "space_inside": b"1 000",
        "underscore": b"1_000", "apostrophe": b"1'000", "letter_after": b"1a",
        "letter_before": b"a1",
        "hex": b"0x10", "octal": b"0o10", "binary": b"0b10", "percent": b"5%",
        "currency": "5€".encode(),
        "f_suffix": b"1.0f", "l_suffix": b"1L", "d_exponent": b"1d5", "minus_last": b"1-",
        "sum": b"1+1", "fraction_of": b"1/2", "infinity_sign": "∞".encode(),
        "half_sign": "½".encode(),
        "fullwidth_digit": "１".encode(), "arabic_digit": "١".encode(), "superscript": "2²".encode(),
        "minus_sign_u2212": "−1".encode(), "nul_after": b"1\x00", "high_byte_after": b"1\xff",
        "nul_inside": b"1\x002", "quote_after": b'1"', "zero_x": b"0x", "negative_hex": b"-0x1",
    }
    rows("n", "number", "no other spelling is a number (RFC 8259, 6)", **bad)
    open_ = {
        "1e400": b"1e400", "minus_1e400": b"-1e400", "2_pow_64": b"18446744073709551616",
        "2_pow_70": b"1180591620717411303424", "below_int64": b"-9223372036854775809",
        "hundred_digits": b"9" * 100, "thousand_digits": b"9" * 1000,
        "minus_hundred_digits": b"-" + b"9" * 100,
        "1e999999999": b"1e999999999", "exp_beyond_int64": b"1e99999999999999999999",
        "double_overflow_by_rounding": b"1.7976931348623159e308", "underflow": b"1e-400",
        "minus_underflow": b"-1e-400", "exp_below_int64": b"1e-99999999999999999999",
        "zero_exp_beyond_int64": b"0e99999999999999999999", "400_digits_point": b"1" * 400 + b".0",
        "in_array": b"[1,1e999]", "deep": b'{"a":[{"b":1e400}]}',
    }
    rows("i", "number", "no 64-bit integer or double holds it: either answer is right (FRAME-06)",
         **open_)


def strings():
    for name, escape in {"quote": b'\\"', "backslash": b"\\\\", "slash": b"\\/", "b": b"\\b",
        "f": b"\\f",
                         "n": b"\\n", "r": b"\\r", "t": b"\\t"}.items():
        row("y", "escape", name, text(escape), "the eight short escapes (RFC 8259, 7)")
    rows("y", "escape", "\\u and four hex digits of any case",
         u_digits=text(b"\\u0041"), u_lower=text(b"\\u00e9"), u_upper=text(b"\\u00E9"),
         u_mixed=text(b"\\uaBcD"), u_nul=text(b"\\u0000"), u_control=text(b"\\u001f"),
         u_del=text(b"\\u007f"),
         u_quote=text(b"\\u0022"), u_backslash=text(b"\\u005C"),
         u_before_surrogates=text(b"\\ud7ff"),
         u_after_surrogates=text(b"\\ue000"), u_bom=text(b"\\ufeff"), u_nonchar=text(b"\\uffff"),
         u_fdd0=text(b"\\ufdd0"), u_2028=text(b"\\u2028\\u2029"), u_then_digits=text(b"\\u00411"),
         backslash_then_u=text(b"\\\\u0000"), backslash_then_u_bad=text(b"\\\\uZZZZ"),
         backslash_then_surrogate=text(b"\\\\ud800"), all=text(b'\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000'),
         many_backslashes=text(b"\\\\" * 500), many_quotes=text(b'\\"' * 500))
    for name, escape in {
            "a": b"\\a", "v": b"\\v", "e": b"\\e", "0": b"\\0", "octal": b"\\101", "x": b"\\x41",
            "capital_u": b"\\U0041", "capital_n": b"\\N", "apostrophe": b"\\'", "backquote": b"\\`",
            "space": b"\\ ", "tab": b"\\\t", "cr": b"\\\r", "nul": b"\\\x00", "brace": b"\\{",
            "u_brace": b"\\u{41}", "u_none": b"\\u", "u_one": b"\\u0", "u_two": b"\\u00",
            "u_three": b"\\u004",
            "u_three_then_letter": b"\\u004g", "u_first_bad": b"\\ug041",
            "u_second_bad": b"\\u0g41",
            "u_minus": b"\\u-041", "u_plus": b"\\u+041", "u_space": b"\\u 041", "u_0x": b"\\u0x41",
            "u_cut_by_quote": b'\\u00"41', "u_fullwidth": "\\u００４１".encode(),
            "high_byte": b"\\\xff",
            "utf8": "\\é".encode(), "q": b"\\q", "u_nul": b"\\u\x00041",
            "name": b"\\N{BULLET}"}.items():
        row("n", "escape", name, text(escape), "no other escape exists (RFC 8259, 7)")
    rows("n", "escape", "a backslash that escapes nothing",
         at_end=b'"\\', quote_eaten=b'"a\\"', outside_string=b"\\n", outside_u=b"\\u0022a\\u0022",
         between_values=b"[1\\,2]", three_backslashes=b'"\\\\\\"', in_key=b'{"\\x":1}',
         in_literal=b"tr\\u0075e", surrogate_half_cut=b'"\\ud83d\\ude0"')
    rows("y", "surrogate", "a pair of escapes is one character",
         first=text(b"\\ud800\\udc00"), last=text(b"\\udbff\\udfff"), emoji=text(b"\\ud83d\\ude00"),
         upper_case=text(b"\\uD83D\\uDE00"), mixed_case=text(b"\\uD83d\\udE00"),
         two=text(b"\\ud83d\\ude00" * 2),
         in_key=b'{"\\ud83d\\ude00":1}', between_text=text(b"a\\ud83d\\ude00b"),
         nonchar=text(b"\\ud83f\\udffe"))
    rows("n", "surrogate", "an escape without its partner is no character (FRAME-09)",
         high_alone=text(b"\\ud800"), high_last=text(b"\\udbff"), low_alone=text(b"\\udc00"),
         low_last=text(b"\\udfff"), high_then_letter=text(b"\\ud83dx"),
         high_then_high=text(b"\\ud83d\\ud83d"),
         high_high_low=text(b"\\ud83d\\ud83d\\ude00"), reversed=text(b"\\ude00\\ud83d"),
         pair_then_low=text(b"\\ud83d\\ude00\\ude00"), high_then_bmp=text(b"\\ud83d\\u0041"),
         high_then_nul=text(b"\\ud83d\\u0000"), high_then_newline=text(b"\\ud83d\\n"),
         high_then_backslash=text(b"\\ud83d\\\\ude00"), high_then_above=text(b"\\ud83d\\ue000"),
         high_then_utf8=text("\\ud83dé".encode()), in_key=b'{"\\ud800":1}',
         low_in_key=b'{"\\udc00":1}',
         deep=b'[[{"a":["\\ud800"]}]]', upper_case=text(b"\\uD800"),
         split_by_quote=b'["\\ud83d","\\ude00"]',
         at_start=text(b"\\udc00abc"), at_end=text(b"abc\\ud800"))
    for code in range(0x20):
        name = {0x0A: "0a_lf", 0x0D: "0d_cr", 0x09: "09_tab", 0x00: "00_nul"}.get(code,
        f"{code:02x}")
        row("n", "control", name, text(b"a" + bytes([code]) + b"b"),
            f"U+{code:04X} must be escaped in a string (RFC 8259, 7)")
    rows("n", "control", "in a key, and at the edges",
         in_key=b'{"a\x01":1}', nul_in_key=b'{"a\x00":1}', first=b'"\x01"', nul_only=b'"\x00"',
         cr_before_quote=b'"a\r"')
    rows("y", "control", "what looks like a control character and need not be escaped",
         del_=text(b"\x7f"), c1_first="\"\x80\"".encode(), c1_nel="\"\x85\"".encode(),
         c1_last="\"\x9f\"".encode())
    rows("n", "string", "a string needs both of its quotes",
         unclosed=b'"a', unclosed_empty=b'"', unopened=b'a"', unclosed_in_array=b'["a]',
         unclosed_key=b'{"a:1}',
         three_quotes=b'"""', quote_inside=b'"a"b"', curly_quotes="“a”".encode(),
         guillemets="«a»".encode(),
         single=b"'a'", mixed=b"\"a'", python_triple=b'"""a"""')
    rows("y", "string", "plain contents of every kind",
         ascii=text(bytes(c for c in range(0x20, 0x7F) if c not in b'"\\')), blank=text(b"   "),
         slash=text(b"/"), html=text(b"</script><!--"), apostrophe=text(b"'"),
         comment=text(b"/*x*/ //y"),
         json_inside=text(b'{\\"a\\":[1,2]}'), numeral=text(b"1e400"),
         ansi_escape=text(b"\\u001b[31m"),
         long=text(b"x" * 20000), long_utf8=text("語".encode() * 5000),
         block_edge=text(b"x" * 63 + b"\\n" + b"y" * 62),
         backslash_at_block_edge=text(b"x" * 62 + b"\\\\" + b"y"))


def utf8():
    characters = {"first_2_byte": 0x80, "last_2_byte": 0x7FF, "first_3_byte": 0x800,
        "before_surrogates": 0xD7FF,
                  "after_surrogates": 0xE000, "last_3_byte": 0xFFFF, "first_4_byte": 0x10000,
                  "last": 0x10FFFF,
                  "bom_inside": 0xFEFF, "replacement": 0xFFFD, "nonchar_fffe": 0xFFFE,
                  "nonchar_fdd0": 0xFDD0,
                  "nonchar_plane1": 0x1FFFE, "line_separator": 0x2028,
                  "paragraph_separator": 0x2029,
                  "zero_width": 0x200B, "rtl_override": 0x202E, "private_use": 0xE001,
                  "plane15": 0xF0000,
                  "combining": 0x301, "soft_hyphen": 0xAD, "nbsp": 0xA0,
                  "ideographic_space": 0x3000,
                  "tag": 0xE0041, "emoji": 0x1F600}
    for name, code in characters.items():
        row("y", "utf8", name, text(chr(code).encode()), f"U+{code:04X} in a string (FRAME-17)")
    rows("y", "utf8", "sequences", family=text("👨‍👩‍👧".encode()), flag=text("🇪🇺".encode()),
         key='{"\U0010ffff":1}'.encode(), zalgo=text("a".encode() + "\u0301".encode() * 100),
         mixed=text("aé語😀".encode()), normal_forms='["é","e\u0301"]'.encode())
    broken = {
        "lone_80": b"\x80", "lone_bf": b"\xbf", "lone_continuations": b"\x80\xbf\x80",
        "c0": b"\xc0\x80",
        "c1": b"\xc1\xbf", "overlong_slash_2": b"\xc0\xaf", "overlong_slash_3": b"\xe0\x80\xaf",
        "overlong_slash_4": b"\xf0\x80\x80\xaf", "overlong_nul_3": b"\xe0\x80\x80",
        "overlong_7ff": b"\xe0\x9f\xbf", "overlong_ffff": b"\xf0\x8f\xbf\xbf",
        "overlong_quote": b"\xc0\xa2",
        "surrogate_d800": b"\xed\xa0\x80", "surrogate_dbff": b"\xed\xaf\xbf",
        "surrogate_dc00": b"\xed\xb0\x80",
        "surrogate_dfff": b"\xed\xbf\xbf", "cesu8_pair": b"\xed\xa0\xbd\xed\xb8\x80",
        "above_10ffff": b"\xf4\x90\x80\x80", "f5": b"\xf5\x80\x80\x80",
        "f8_five_bytes": b"\xf8\x88\x80\x80\x80",
        "fc_six_bytes": b"\xfc\x84\x80\x80\x80\x80", "fe": b"\xfe", "ff": b"\xff",
        "fffe": b"\xff\xfe",
        "cut_2": b"\xc3", "cut_3_one": b"\xe2", "cut_3_two": b"\xe2\x82", "cut_4_one": b"\xf0",
        "cut_4_two": b"\xf0\x9f", "cut_4_three": b"\xf0\x9f\x98", "cut_then_letter": b"\xe2\x82x",
        "cut_then_whole": b"\xe2\x82\xc3\xa9", "second_bad": b"\xe2\x28\xa1",
        "third_bad": b"\xe2\x82\x28",
        "fourth_bad": b"\xf0\x9f\x98\x28", "latin1": b"caf\xe9", "cp1252_quote": b"\x93a\x94",
        "shift_jis": b"\x93\xfa\x96{", "windows_1251": b"\xcf\xf0\xe8",
        "after_good": "é".encode() + b"\xff",
        "before_good": b"\xff" + "é".encode(), "far_inside": b"x" * 5000 + b"\xff" + b"x" * 5000,
        "at_block_edge": b"x" * 63 + b"\xc3" + b"x" * 70, "modified_nul": b"a\xc0\x80b",
    }
    rows("n", "utf8", "no UTF-8 (RFC 3629), so no JSON text (FRAME-09)",
         **{name: text(data) for name, data in broken.items()})
    rows("n", "utf8", "no UTF-8 outside of a string either",
         in_key=b'{"\xff":1}', overlong_key=b'{"\xc0\x80":1}', bare=b"\xff", before_value=b"\xff1",
         in_array=b"[\xff]", overlong_brace=b"\xc1\xbb\xc1\xbd", in_number=b"1\xe9",
         cut_at_end=b'"\xc3')
    sample = '{"a":"é"}'
    for name, codec in {"utf16le": "utf-16-le", "utf16be": "utf-16-be", "utf32le": "utf-32-le",
                        "utf32be": "utf-32-be"}.items():
        row("n", "encoding", name, sample.encode(codec),
            "lines are UTF-8 and nothing else (FRAME-09)")
        row("n", "encoding", name + "_bom", "\ufeff".encode(codec) + sample.encode(codec),
            "lines are UTF-8 and nothing else (FRAME-09)")
    rows("n", "encoding", "lines are UTF-8 and nothing else (FRAME-09)",
         latin1=sample.encode("latin-1"),
         utf7=b'+AHs- +AH0-', ebcdic=sample.encode("cp500"), utf16_digit="1".encode("utf-16-le"),
         utf8_then_utf16=b'["a",' + '"b"]'.encode("utf-16-be"))


def white_space():
    rows("y", "space", "space, tab, CR and LF around every token (RFC 8259, 2)",
         before=b" {}", after=b"{} ", tab=b"\t[\t]\t", cr=b"\r{\r}\r",
         everywhere=b' { "a" : [ 1 , 2 ] , "b" : { } } ',
         in_empty_array=b"[ ]", in_empty_object=b"{ }", tabs_everywhere=b'\t{\t"a"\t:\t1\t}\t',
         much=b" " * 5000 + b"1" + b" " * 5000, lf=b"\n{\n}\n", lf_pretty=b'{\r\n  "a": 1\r\n}\r\n')
    for name, data in {
            "vertical_tab": b"\x0b", "form_feed": b"\x0c", "nul": b"\x00", "us": b"\x1f",
            "backspace": b"\x08",
            "del": b"\x7f", "nel": "\x85".encode(), "nbsp": "\xa0".encode(),
            "ogham": "\u1680".encode(),
            "en_quad": "\u2000".encode(), "zero_width": "\u200b".encode(),
            "word_joiner": "\u2060".encode(),
            "line_separator": "\u2028".encode(), "paragraph_separator": "\u2029".encode(),
            "ideographic": "\u3000".encode(), "bom": "\ufeff".encode(),
            "raw_nbsp": b"\xa0"}.items():
        row("n", "space", "before_" + name, data + b"1",
            "no other character is white space (RFC 8259, 2)")
        row("n", "space", "inside_" + name, b"[" + data + b"1]",
            "no other character is white space")
    rows("n", "space", "white space inside of a token", in_literal=b"tr ue", in_number=b"1 .5",
         in_minus=b"- 1", in_escape=b'"\\u 0041"', backslash_n=b"[\\n]")


def depth():
    """The value stands in an unknown field of the outer object, which is level 1 (FRAME-10)."""
    def arrays(levels):
        return b"[" * levels + b"]" * levels

    def objects(levels):
        return b'{"a":' * levels + b"0" + b"}" * levels

    def mixed(levels):
        assert levels % 2 == 0
        return b'[{"a":' * (levels // 2) + b"0" + b"}]" * (levels // 2)

    why = "with the outer object 64 levels at most: accepted (FRAME-10)"
    rows("y", "depth", why, arrays_62=arrays(62), arrays_63=arrays(63), objects_63=objects(63),
         mixed_62=mixed(62),
         wide_at_63=b"[" * 63 + b"1,2,3" + b"]" * 63,
         sixty_siblings=b"[" + b",".join([arrays(62)] * 60) + b"]",
         brackets_in_string=text(b"[" * 500), escaped_quotes_and_brackets=text(b'\\"[' * 500))
    why = "with the outer object more than 64 levels: refused (FRAME-10), though JSON"
    rows("n", "deep", why, arrays_64=arrays(64), objects_64=objects(64), mixed_64=mixed(64),
         wide_at_64=b"[" * 64 + b"1,2,3" + b"]" * 64, second_sibling=b"[[]," + arrays(63) + b"]",
         arrays_65=arrays(65), arrays_128=arrays(128), arrays_256=arrays(256),
         objects_512=objects(512),
         arrays_1000=arrays(1000))
    rows("n", "depth", "deeper than any reader need go", arrays_5000=arrays(5000),
         objects_5000=objects(5000),
         arrays_100000=arrays(100000))
    rows("n", "depth", "deep and never closed: refused without a crash (FRAME-10)",
         open_64=b"[" * 64,
         open_1000=b"[" * 1000, open_100000=b"[" * 100000, open_objects_20000=b'{"a":' * 20000,
         closed_too_often=arrays(20) + b"]" * 1000)


def duplicates():
    rows("i", "duplicate",
         "RFC 8259, 4 leaves a repeated name to the reader; FRAME-11 speaks of known keys alone",
         same_value=b'{"a":1,"a":1}', other_value=b'{"a":1,"a":2}', other_type=b'{"a":1,"a":{}}',
         three=b'{"a":1,"a":2,"a":3}',
         empty_key=b'{"":1,"":2}', by_escape=b'{"a":1,"\\u0061":2}', deep=b'[{"b":{"a":1,"a":2}}]',
         far_apart=b'{"a":1,'
         + b",".join(b'"k%d":0' % i for i in range(100)) + b',"a":2}')


def lines():
    """Whole requests,
    sent as they are: what matters is at the line's own edges or in known keys."""
    def ping(**changes):
        members = {"protocol_version": b"1", "type": b'"ping"', "request_id": b'"json"', **changes}
        return b"{" + b",".join(b'"%s":%s' % (k.encode(), v) for k, v in members.items()) + b"}"

    rows("y", "line", "a ping, however it is written", plain=PING, cr_at_end=PING + b"\r",
         blanks_around=b" \t" + PING + b" \t",
         cr_before=b"\r" + PING, keys_by_escape=PING.replace(b"type",
         b"\\u0074\\u0079\\u0070\\u0065"),
         value_by_escape=PING.replace(b"ping", b"p\\u0069ng"),
         other_order=b'{"request_id":"json","type":"ping","protocol_version":1}',
         unknown_fields=ping(a=b"1", b=b'{"type":"run"}'), case_differs=ping(Type=b"7",
         REQUEST_ID=b"7"),
         nulls=ping(session_id=b"null", ts_ms=b"null"), unknown_number=ping(a=b"-0.0"),
         ts_int64_min=ping(ts_ms=b"-9223372036854775808"))
    rows("n", "request", "JSON, but no object (FRAME-06)", array=b"[" + PING + b"]",
         string=text(b"ping"), number=b"1", zero=b"0",
         true=b"true", null=b"null", empty_array=b"[]", quoted_request=text(PING.replace(b'"',
         b'\\"')), negative=b"-1.5e3")
    rows("n", "line", "more than the object, or less", two_requests=PING + PING,
         comma_after=PING + b",", nul_after=PING + b"\x00",
         nul_before=b"\x00" + PING, cut=PING[:-1], cut_in_string=PING[:-3],
         semicolon_after=PING + b";", comment_after=PING + b"//",
         cr_inside_key=PING.replace(b"type", b"ty\rpe"), form_feed_after=PING + b"\x0c",
         double_encoded=PING.replace(b'"', b'\\"'),
         utf16le=PING.decode().encode("utf-16-le"),
         utf16be_bom="\ufeff".encode("utf-16-be") + PING.decode().encode("utf-16-be"),
         utf32le=PING.decode().encode("utf-32-le"), bom_after=PING + "\ufeff".encode(),
         bom_twice="\ufeff\ufeff".encode() + PING,
         bom_cut=b"\xef\xbb" + PING, bom_utf16le=b"\xff\xfe" + PING)
    rows("n", "line", "a known key given twice (FRAME-11, SHOULD)",
         duplicate_version=PING[:-1] + b',"protocol_version":1}',
         duplicate_type=PING[:-1] + b',"type":"ping"}',
         duplicate_id=PING[:-1] + b',"request_id":"other"}',
         duplicate_by_escape=PING[:-1] + b',"t\\u0079pe":"ping"}',
         duplicate_null=PING[:-1] + b',"ts_ms":null,"ts_ms":null}')
    rows("n", "request", "integers are written as integers, and fit (REQ-01, REQ-07)",
         version_float=ping(protocol_version=b"1.0"),
         version_exp=ping(protocol_version=b"1e0"),
         version_text=ping(protocol_version=b'"1"'),
         version_2_pow_32_plus_1=ping(protocol_version=b"4294967297"),
         version_minus=ping(protocol_version=b"-1"), ts_float=ping(ts_ms=b"1.0"),
         ts_exp=ping(ts_ms=b"1e3"))
    row("n", "line", "version_2_pow_64_plus_1", ping(protocol_version=b"18446744073709551617"),
        "1 only to a reader that wraps at 64 bits (REQ-01)")
    rows("i", "line", "a BOM before the object: either answer is right (FRAME-06)",
         bom="\ufeff".encode() + PING,
         bom_and_blank="\ufeff ".encode() + PING)
    rows("i", "line",
         "a known integer that no signed 64-bit integer holds: the contract names no range",
         ts_2_pow_63=ping(ts_ms=b"9223372036854775808"),
         ts_2_pow_70=ping(ts_ms=b"1180591620717411303424"))


def build():
    for part in (structure, literals, numbers, strings, utf8, white_space, depth, duplicates,
        lines):
        part()
    assert len(TABLE) >= 300, len(TABLE)
    return TABLE


def differences():
    wanted = build()
    there = {path.name: path for path in FOLDER.glob("*.json")}
    for name in sorted(wanted.keys() | there.keys()):
        if name not in wanted:
            yield f"{name}: no row of the table makes it"
        elif name not in there:
            yield f"{name}: missing"
        elif there[name].read_bytes() != wanted[name][0]:
            yield f"{name}: differs from the table"


def main(arguments):
    if arguments == ["--list"]:
        for name, (_, why) in sorted(build().items()):
            print(f"{name}  {why}")
        return 0
    if arguments == ["--check"]:
        found = list(differences())
        print("\n".join(found) if found else f"golden/json: {len(TABLE)} files, as the table says")
        return 1 if found else 0
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name, (data, _) in build().items():
        (FOLDER / name).write_bytes(data)
    print(f"wrote {len(TABLE)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
