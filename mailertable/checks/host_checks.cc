#include "mailertable/checks/host_checks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mailertable/text/parser.h"
#include "relayd/base/bytes.h"
#include "relayd/base/domain.h"
#include "relayd/base/host_port.h"

namespace tsmtp::mailertable {
namespace {

/// A piece of the value and where it begins there.
struct Piece {
  std::string_view text;
  std::size_t offset = 0;
};

std::string escaped(std::string_view text) {
  return base::escaped(text, 80);
}

bool is_ipv6(std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET6, std::string(text).c_str(), address.data()) == 1;
}

std::string_view without_blanks(std::string_view text) {
  text = without_trailing_blanks(text);
  return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

/// The first of `wanted` that is not between brackets.
std::size_t find_outside_brackets(std::string_view text, std::string_view wanted) {
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') inside = true;
    if (text[i] == ']') inside = false;
    if (!inside && wanted.find(text[i]) != std::string_view::npos) return i;
  }
  return std::string_view::npos;
}

/// The hosts of one route.
class HostChecker {
 public:
  HostChecker(const Route& route, const Mailers& mailers, EntryReport& report)
      : mailer_(base::ascii_lower(route.mailer)),
        found_(mailers.find(route.mailer)),
        report_(report),
        rest_{route.rest, route.rest_offset} {}

  void check() {
    strip_comment();
    strip_user();
    const std::vector<Piece> hosts = split_hosts();
    if (!std::all_of(hosts.begin(), hosts.end(), [this](const Piece& host) { return check_host(host); }))
      return;
    if (is_tsmtp() && hosts.size() > 1)
      report_.value_warning(
          hosts[1].offset,
          "a second host: when a reply is lost, sendmail tries it at once and the mail arrives "
          "twice; name one site address, and several dial addresses in relayd.toml");
  }

 private:
  [[nodiscard]] bool is_tsmtp() const { return mailer_ == "tsmtp"; }

  // sendmail drops it as RFC 822 says; that it is harmless is no reason to build on it.
  void strip_comment() {
    const std::size_t open = rest_.text.find('(');
    if (open == std::string_view::npos || open == 0 || !rest_.text.ends_with(')')) return;
    report_.value_warning(
        rest_.offset + open,
        "a note behind the value; write it on a line of its own, with a '#' in the first column");
    rest_.text = without_trailing_blanks(rest_.text.substr(0, open));
  }

  void strip_user() {
    const std::size_t at = find_outside_brackets(rest_.text, "@");
    if (at == std::string_view::npos) return;
    const std::string host = remedy_for(rest_.text.substr(at + 1));
    if (is_tsmtp()) {
      report_.value_error(rest_.offset, "sendmail would rewrite every recipient to " + escaped(rest_.text) +
                                            ", which no site accepts; write " + mailer_ + ':' + host);
    } else {
      report_.value_warning(rest_.offset, "sendmail will send all mail for this key to the one recipient " +
                                              escaped(rest_.text) + "; if that is not meant, write " +
                                              mailer_ + ':' + host);
    }
    rest_ = {rest_.text.substr(at + 1), rest_.offset + at + 1};
  }

  [[nodiscard]] std::vector<Piece> split_hosts() const {
    std::vector<Piece> hosts;
    Piece left = rest_;
    while (true) {
      const std::size_t end = find_outside_brackets(left.text, ":,");
      hosts.push_back({left.text.substr(0, end), left.offset});
      if (end == std::string_view::npos) return hosts;
      left = {left.text.substr(end + 1), left.offset + end + 1};
    }
  }

  bool check_host(const Piece& host) {
    if (host.text.empty()) return error(host.offset, "no host here; remove the ':' or ',' or name one");
    const std::size_t blank = find_outside_brackets(host.text, kBlanks);
    const std::string_view word = host.text.substr(0, blank);
    if (blank != std::string_view::npos && !is_port({word, host.offset}))
      return error(host.offset + blank,
                   "blank in the host: sendmail would look for a host of that name; write " + mailer_ + ':' +
                       remedy_for(word));
    // The endpoint's socket, for a mailer with TSMTP_MAILER_UNIX.
    if (is_tsmtp() && host.text.front() == '/') return true;
    if (is_port({word, host.offset}))
      return error(host.offset, "\"" + escaped(host.text) +
                                    "\" would be a second host, not a port; the port is the "
                                    "mailer's (TSMTP_PORT), and sites are told apart by address; write " +
                                    mailer_ + ':' + remedy_for(without_port(host)));
    return host.text.front() == '[' ? check_bracketed(host) : check_name_to_look_up(host);
  }

  /// A number behind the first host, with or without something behind it.
  [[nodiscard]] bool is_port(const Piece& host) const {
    const std::size_t digits = std::min(host.text.find_first_not_of("0123456789"), host.text.size());
    const bool ends =
        digits == host.text.size() || host.text.find_first_of(".:[]", digits) == std::string_view::npos;
    return digits > 0 && ends && host.offset != rest_.offset;
  }

  [[nodiscard]] std::string_view without_port(const Piece& host) const {
    return without_trailing_blanks(rest_.text.substr(0, host.offset - rest_.offset - 1));
  }

  /// The one host that was probably meant by `text`, in a form that needs no further remedy.
  [[nodiscard]] std::string remedy_for(std::string_view text) const {
    constexpr std::string_view kAround = " \t\v\f\r[]";
    const bool was_bracketed = text.find('[') != std::string_view::npos;
    const std::size_t begin = std::min(text.find_first_not_of(kAround), text.size());
    text.remove_prefix(begin);
    text = text.substr(0, text.find_first_of(kAround));
    if (text.empty()) return is_tsmtp() ? "[127.0.5.2]" : "[192.0.2.1]";
    if (is_ipv6(text)) return "[IPv6:" + escaped(text) + ']';
    const bool is_address = base::is_ipv4(text) || base::ascii_lower(text).starts_with("ipv6:");
    return was_bracketed || is_address || is_tsmtp() ? '[' + escaped(text) + ']' : escaped(text);
  }

  bool check_bracketed(const Piece& host) {
    const std::size_t close = host.text.find(']');
    if (close == std::string_view::npos)
      return error(host.offset, "'[' without ']'; write " + remedy_for(host.text));
    if (const std::size_t inner = host.text.find('[', 1); inner != std::string_view::npos)
      return error(host.offset + inner,
                   "a bracket within brackets; write " + mailer_ + ':' + remedy_for(host.text));
    if (close + 1 != host.text.size())
      return error(host.offset + close + 1,
                   "\"" + escaped(host.text.substr(close + 1)) +
                       "\" behind the bracket would become part of the host; write " + mailer_ + ':' +
                       remedy_for(host.text.substr(0, close + 1)));
    // sendmail's tokenizer drops blanks there.
    const std::string_view inside = without_blanks(host.text.substr(1, close - 1));
    if (base::is_ipv4(inside)) return warn_unless_loopback(host, inside.starts_with("127."));
    constexpr std::string_view kIpv6Tag = "ipv6:";
    const bool tagged = base::ascii_lower(inside).starts_with(kIpv6Tag);
    const std::string_view address = tagged ? inside.substr(kIpv6Tag.size()) : inside;
    if (is_ipv6(address)) {
      if (!tagged)
        return error(host.offset + 1, "an IPv6 address needs its tag; write [IPv6:" + escaped(address) + ']');
      return warn_unless_loopback(host, address == "::1");
    }
    return check_name({inside, host.offset + static_cast<std::size_t>(inside.data() - host.text.data())});
  }

  bool check_name_to_look_up(const Piece& host) {
    if (base::is_ipv4(host.text)) {
      report_.value_warning(host.offset, "an address without brackets is looked up as a name; write [" +
                                             escaped(host.text) + ']');
      return true;
    }
    if (!check_name(host)) return false;
    if (is_tsmtp()) check_mx_lookup(host);
    return true;
  }

  void check_mx_lookup(const Piece& host) {
    const std::string write = "; write [" + escaped(host.text) + ']';
    const std::optional<bool> looks_up = found_ == nullptr ? std::nullopt : found_->looks_up_mx;
    if (!looks_up)
      report_.value_warning(host.offset,
                            "a name without brackets is looked up as an MX unless the mailer has F=0, "
                            "and the mail may go to another host" +
                                write);
    else if (*looks_up)
      report_.value_error(host.offset,
                          "a name without brackets is looked up as an MX, since this mailer has no F=0 in "
                          "your sendmail.cf: the mail may go to another host" +
                              write);
  }

  bool check_name(const Piece& name) {
    // %0 to %9 stand for parts of the address that was looked up.
    if (name.text.find('%') != std::string_view::npos) return true;
    // A dot at the end says that the name is whole, as everywhere in the DNS.
    const bool is_whole = name.text.size() > 1 && name.text.ends_with('.');
    if (const auto ok = base::check_domain(name.text.substr(0, name.text.size() - (is_whole ? 1 : 0))); !ok)
      return error(name.offset, "no host: " + ok.error().message +
                                    "; write an address in brackets, [127.0.5.2], or "
                                    "a host name");
    return true;
  }

  // relayd listens on this hub; mail that the tsmtp mailer sends elsewhere goes there without encryption.
  bool warn_unless_loopback(const Piece& host, bool loopback) {
    if (is_tsmtp() && !loopback)
      report_.value_warning(host.offset, escaped(host.text) +
                                             " is not this host: the mail would go there in clear; "
                                             "write the site's address, such as [127.0.5.2]");
    return true;
  }

  bool error(std::size_t offset, std::string message) {
    report_.value_error(offset, std::move(message));
    return false;
  }

  std::string mailer_;
  const Mailer* found_;
  EntryReport& report_;
  Piece rest_;
};

}  // namespace

void check_hosts(const Route& route, const Mailers& mailers, EntryReport& report) {
  HostChecker(route, mailers, report).check();
}

}  // namespace tsmtp::mailertable
