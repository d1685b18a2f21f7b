// The arguments of MAIL and RCPT (RFC 5321 section 4.1.2). Strict where another parser could read the same
// bytes as another address, lenient where addresses in use break the grammar harmlessly (dots at the ends of
// a local part).
#include <algorithm>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/base/domain.h"
#include "relayd/base/idna.h"
#include "relayd/base/utf8.h"
#include "relayd/smtp/command.h"

namespace tsmtp::smtp {
namespace {

constexpr std::string_view kSpaces = " \t";
constexpr std::size_t kShownBytes = 200;

/// What MAIL and RCPT do differently.
struct Form {
  std::string_view keyword;     // "FROM:"
  std::string_view syntax;      // told to who got it wrong
  std::string_view bad_status;  // RFC 3463: of a bad sender or recipient address
};

constexpr Form kMailForm{"FROM:", "the form is MAIL FROM:<address>", "5.1.7"};
constexpr Form kRcptForm{"TO:", "the form is RCPT TO:<address>", "5.1.3"};

// In a text that is valid UTF-8 all bytes beyond ASCII are parts of characters.
bool is_printable(char c) {
  return (c > 0x20 && c < 0x7f) || static_cast<unsigned char>(c) > 0x7f;
}

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_atom_character(char c) {
  return is_printable(c) && std::string_view("()<>[]:;@\\,\"").find(c) == std::string_view::npos;
}

// The length of the quoted string at the start of `text`, 0 if it has no end.
std::size_t quoted_length(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      return i + 1;
  }
  return 0;
}

// The length of "<…>" at the start of `text`, 0 if it has no end. A ">" in quotes does not end it.
std::size_t bracketed_length(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '>') return i + 1;
    if (text[i] == '"') {
      const std::size_t quoted = quoted_length(text.substr(i));
      if (quoted == 0) return 0;
      i += quoted - 1;
    }
  }
  return 0;
}

bool is_local_part(std::string_view text) {
  if (text.empty()) return false;
  if (text.front() == '"')
    return quoted_length(text) == text.size() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c == ' ' || is_printable(c); });
  return std::all_of(text.begin(), text.end(), is_atom_character);
}

bool is_domain(std::string_view text) {
  if (!text.starts_with('[')) {
    const auto ascii = base::ascii_domain(text);
    return ascii && base::check_domain(*ascii);
  }
  const std::string_view inner = text.substr(1, text.size() - 1);
  return inner.size() > 1 && inner.ends_with(']') && std::all_of(inner.begin(), inner.end() - 1, [](char c) {
           return is_alnum(c) || c == '.' || c == ':' || c == '-';
         });
}

// Takes "@a,@b:" from the front of `text`.
bool take_source_route(std::string_view& text) {
  while (text.starts_with('@')) {
    const std::size_t end = text.find_first_of(",:");
    if (end == std::string_view::npos || !is_domain(text.substr(1, end - 1))) return false;
    const bool is_last = text[end] == ':';
    text.remove_prefix(end + 1);
    if (is_last) return true;
  }
  return false;
}

// What stands between the brackets; false if it is no address.
bool split_path(std::string_view text, Path& path) {
  path.text = std::string(text);
  if (text.empty()) return true;
  if (text.front() == '@' && !take_source_route(text)) return false;
  const std::size_t local_end = text.starts_with('"') ? quoted_length(text) : text.find('@');
  if (local_end == 0) return false;
  path.local_part = std::string(text.substr(0, local_end));
  if (!is_local_part(path.local_part)) return false;
  if (local_end >= text.size()) return true;  // <postmaster>
  if (text[local_end] != '@') return false;
  path.domain = std::string(text.substr(local_end + 1));
  return is_domain(path.domain);
}

bool split_parameter(std::string_view text, Parameter& parameter) {
  const std::size_t equals = text.find('=');
  const std::string_view keyword = text.substr(0, equals);
  if (keyword.empty() || !is_alnum(keyword.front())) return false;
  if (!std::all_of(keyword.begin(), keyword.end(), [](char c) { return is_alnum(c) || c == '-'; }))
    return false;
  parameter = {base::ascii_upper(keyword), {}, std::string(text)};
  if (equals == std::string_view::npos) return true;
  const std::string_view value = text.substr(equals + 1);
  parameter.value = std::string(value);
  return !value.empty() &&
         std::all_of(value.begin(), value.end(), [](char c) { return is_printable(c) && c != '='; });
}

std::string shown(std::string_view address) {
  return '<' + base::escaped(address, kShownBytes) + '>';
}

Reply bad_parameter(std::string_view text, std::string_view what) {
  return make_reply(501, "5.5.4",
                    "parameter \"" + base::escaped(text, kShownBytes) + "\" " + std::string(what));
}

std::optional<Reply> split_parameters(std::string_view text, std::vector<Parameter>& parameters) {
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
    if (text.empty()) return std::nullopt;
    const std::string_view word = text.substr(0, text.find_first_of(kSpaces));
    text.remove_prefix(word.size());
    Parameter parameter;
    if (!split_parameter(word, parameter)) return bad_parameter(word, "is not of the form KEYWORD=value");
    for (const Parameter& earlier : parameters)
      if (earlier.keyword == parameter.keyword) return bad_parameter(word, "was given already");
    parameters.push_back(std::move(parameter));
  }
}

// Addresses and parameters beyond ASCII must be UTF-8 and need SMTPUTF8. `utf8`: it was given.
std::optional<Reply> check_encoding(std::string_view address, std::string_view parameters, bool utf8,
                                    const Form& form) {
  if (!base::is_utf8(address))
    return make_reply(501, form.bad_status, shown(address) + " is neither ASCII nor UTF-8");
  if (base::has_eighth_bit(address) && !utf8)  // RFC 6531 section 3.5
    return make_reply(553, "5.6.7", shown(address) + " is not ASCII, which needs SMTPUTF8");
  if (base::has_eighth_bit(parameters) && !(utf8 && base::is_utf8(parameters)))
    return bad_parameter(parameters, "is not ASCII");
  return std::nullopt;
}

// `utf8`: SMTPUTF8 was given with an earlier command; nothing: it must be given with this one.
PathResult parse(std::string_view argument, const Form& form, std::optional<bool> utf8) {
  if (base::ascii_upper(argument.substr(0, form.keyword.size())) != form.keyword)
    return make_reply(501, "5.5.4", form.syntax);
  argument.remove_prefix(form.keyword.size());
  argument.remove_prefix(std::min(argument.find_first_not_of(kSpaces), argument.size()));
  if (!argument.starts_with('<')) return make_reply(501, "5.5.4", form.syntax);

  const std::size_t end = bracketed_length(argument);
  if (end == 0) return make_reply(501, form.bad_status, "the address has no closing >");
  const std::string_view address = argument.substr(1, end - 2);

  PathCommand command;
  if (!split_path(address, command.path))
    return make_reply(501, form.bad_status, shown(address) + " is not a mail address");
  const std::string_view rest = argument.substr(end);
  if (!rest.empty() && kSpaces.find(rest.front()) == std::string_view::npos)
    return make_reply(501, "5.5.4", form.syntax);
  if (auto refusal = split_parameters(rest, command.parameters)) return *std::move(refusal);
  if (auto refusal = check_encoding(address, rest, utf8.value_or(command.has("SMTPUTF8")), form))
    return *std::move(refusal);
  return command;
}

}  // namespace

bool PathCommand::has(std::string_view keyword) const {
  return std::any_of(parameters.begin(), parameters.end(),
                     [&](const Parameter& parameter) { return parameter.keyword == keyword; });
}

std::string PathCommand::parameter_text() const {
  std::string out;
  for (const Parameter& parameter : parameters) {
    if (!out.empty()) out.push_back(' ');
    out += parameter.text;
  }
  return out;
}

PathResult parse_mail(std::string_view argument) {
  return parse(argument, kMailForm, std::nullopt);
}

PathResult parse_rcpt(std::string_view argument, bool utf8) {
  PathResult result = parse(argument, kRcptForm, utf8);
  if (result && result->path.is_null()) return make_reply(501, "5.1.3", "<> cannot be a recipient");
  return result;
}

}  // namespace tsmtp::smtp
