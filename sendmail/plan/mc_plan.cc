#include "sendmail/plan/mc_plan.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "relayd/base/bytes.h"
#include "sendmail/plan/mc_calls.h"
#include "sendmail/text/marked_block.h"

namespace tsmtp::sendmail {
namespace {

constexpr std::string_view kMailDirectory = "/etc/mail/";

/// A call that stands in the way, wherever it is made, and why.
struct Obstacle {
  std::string_view macro;
  std::string_view argument;
  std::string_view why;
};

constexpr std::array kObstacles{
    Obstacle{"MAILER", "tsmtp",
             "it was written by hand: take it out and this program writes it, or keep all by hand"},
    Obstacle{"FEATURE", "tsmtp",
             "it was written by hand: take it out and this program writes it, or keep all by hand"},
    Obstacle{"FEATURE", "tsmtp_inbound",
             "it was written by hand: take it out and this program writes it, or keep all by hand"},
    Obstacle{"FEATURE", "tsmtp_smarthost", "this host sends everything to a hub, and is none itself"},
    Obstacle{"FEATURE", "nullclient", "this host sends everything to a hub, and is none itself"},
    Obstacle{"FEATURE", "promiscuous_relay",
             "it makes an open relay of this host, also for whatever a site sends"},
    Obstacle{"define", "confFALLBACK_MX",
             "sendmail would hand the mail of a site whose link is down to that host, in clear: remove it"},
    Obstacle{"define", "confFALLBACK_SMARTHOST",
             "sendmail would hand the mail of a site whose link is down to that host, in clear: remove it"},
};

std::string shown(const McCall& call) {
  std::string text = call.macro + "(`" + call.argument(0) + '\'';
  if (call.arguments.size() > 1 && !call.argument(1).empty()) text += ", `" + call.argument(1) + '\'';
  return base::escaped(text + ')', 120);
}

/// Where the features go: before the mailers, and before MAILER_DEFINITIONS unless something else of
/// interest stands between.
std::size_t features_at(const std::vector<McCall>& calls) {
  const auto first =
      std::find_if(calls.begin(), calls.end(), [](const McCall& call) { return call.macro == "MAILER"; });
  const bool follows_heading = first != calls.begin() && std::prev(first)->macro == "MAILER_DEFINITIONS";
  return follows_heading ? std::prev(first)->line_begin : first->line_begin;
}

std::size_t mailer_at(const std::vector<McCall>& calls) {
  return std::find_if(calls.rbegin(), calls.rend(), [](const McCall& call) { return call.macro == "MAILER"; })
      ->line_end;
}

class Look {
 public:
  Look(std::string_view mc, const std::string& name, const Included& included)
      : mc_(mc), name_(name), calls_(calls_of(mc, included, name.substr(0, name.rfind('/') + 1))) {}

  McFacts facts() {
    look_at_text();
    look_at_order();
    for (const McCall& call : calls_)
      look_at_call(call);
    return std::move(facts_);
  }

 private:
  void find(int line, const std::string& what) {
    facts_.findings.push_back(name_ + (line > 0 ? ':' + std::to_string(line) : std::string()) + ": " + what);
  }

  void find(const McCall& call, const std::string& what) {
    facts_.findings.push_back(place_of(call) + ": " + shown(call) + what);
  }

  /// "/etc/mail/sendmail.mc:12"
  [[nodiscard]] std::string place_of(const McCall& call) const {
    return (call.file.empty() ? name_ : call.file) + ':' + std::to_string(call.line);
  }

  /// "line 12", or of an included file all of it
  [[nodiscard]] std::string line_of(const McCall& call) const {
    return call.file.empty() ? "line " + std::to_string(call.line) : place_of(call);
  }

  int line_of(std::size_t offset) const {
    return 1 +
           static_cast<int>(std::count(mc_.begin(), mc_.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
  }

  void look_at_text() {
    if (const std::size_t at = mc_.find('\0'); at != std::string_view::npos)
      find(line_of(at), "this is no text");
    if (const std::size_t at = mc_.find("\r\n"); at != std::string_view::npos)
      find(line_of(at),
           "lines end in CR LF, and m4 would copy each CR into sendmail.cf: take them out (sed -i "
           "'s/\\r$//')");
    std::size_t at = mc_.starts_with("Mtsmtp") ? 0 : mc_.find("\nMtsmtp");
    if (at != std::string_view::npos)
      find(line_of(at == 0 ? 0 : at + 1),
           "there is a mailer tsmtp written by hand: take it out and this program adds one");
  }

  void look_at_order() {
    const auto is_mailer = [](const McCall& call) { return call.macro == "MAILER"; };
    const auto first = std::find_if(calls_.begin(), calls_.end(), is_mailer);
    if (first == calls_.end())
      return find(0, "it has no line MAILER(`smtp'), or only where ifdef() decides: write the mailers here");
    const bool has_smtp = std::any_of(calls_.begin(), calls_.end(), [](const McCall& call) {
      return call.is("MAILER", "smtp") || call.is("MAILER", "esmtp");
    });
    if (!has_smtp) find(*first, ": there is no MAILER(`smtp'), which MAILER(`tsmtp') stands on");
    for (auto call = first; call != calls_.end(); ++call) {
      if (call->macro == "FEATURE")
        find(*call,
             " stands behind a MAILER line, where sendmail refuses it: move it above " + line_of(*first));
    }
    facts_.features_at = features_at(calls_);
    facts_.mailer_at = mailer_at(calls_);
    const bool is_sendmails = std::any_of(calls_.begin(), calls_.end(), [](const McCall& call) {
      return call.macro == "include" && call.argument(0).ends_with("/cf.m4");
    });
    if (!is_sendmails) find(0, "it does not include sendmail's cf.m4: it is no whole sendmail.mc");
    const bool has_definitions = std::any_of(
        calls_.begin(), calls_.end(), [](const McCall& call) { return call.macro == "MAILER_DEFINITIONS"; });
    if (!has_definitions)
      facts_.notes.push_back(name_ +
                             " has no MAILER_DEFINITIONS; the features go before the first MAILER line, " +
                             line_of(*first));
  }

  void look_at_call(const McCall& call) {
    for (const Obstacle& obstacle : kObstacles) {
      if (call.is(obstacle.macro, obstacle.argument)) find(call, ": " + std::string(obstacle.why));
    }
    if (call.is("define", "DATABASE_MAP_TYPE")) {
      facts_.mailertable.type = call.argument(1);
    } else if (call.is("FEATURE", "mailertable")) {
      facts_.has_mailertable = true;
      facts_.mailertable = place_of(call, "mailertable");
      facts_.notes.push_back("your own " + shown(call) + ", " + line_of(call) +
                             ", stays; the sites' lines are added to " + facts_.mailertable.text);
    } else if (call.is("FEATURE", "access_db")) {
      facts_.access = place_of(call, "access");
    } else if (call.is("FEATURE", "use_cw_file")) {
      facts_.reads_local_names = true;
    } else if (call.is("define", "confCW_FILE")) {
      facts_.local_names = last_word(call.argument(1));
    } else if (call.is("FEATURE", "ratecontrol") || call.is("FEATURE", "conncontrol") ||
               call.is("FEATURE", "greet_pause")) {
      facts_.limits_clients = true;
    } else if (call.is("define", "SMART_HOST")) {
      look_at_smart_host(call);
    }
  }

  void look_at_smart_host(const McCall& call) {
    if (call.argument(1).starts_with("tsmtp:"))
      return find(call, " sends all mail by tsmtp: take it out; relayd.toml says which goes that way");
    if (!call.argument(1).empty())
      facts_.notes.push_back(
          "your smart host, " + line_of(call) + ", stays: " + base::escaped(call.argument(1), 80) +
          " gets all other mail. Mail for the sites does not go there, not even while a link is down");
  }

  static std::string last_word(const std::string& text) {
    const std::size_t blank = text.find_last_of(" \t");
    return blank == std::string::npos ? text : text.substr(blank + 1);
  }

  /// Where a feature has its map; what we cannot build is a finding.
  MapPlace place_of(const McCall& call, const std::string& usual) {
    MapPlace place{facts_.mailertable.type, std::string(kMailDirectory) + usual};
    const std::string spec = call.argument(1);
    if (!spec.empty()) {
      std::istringstream words(spec);
      words >> place.type;
      place.text = last_word(spec);
    }
    if (place.text.ends_with(".db")) place.text.resize(place.text.size() - 3);
    place.is_file = (place.type == "hash" || place.type == "btree") && place.text.starts_with('/');
    if (!place.is_file && usual == "mailertable")
      find(call,
           ": only a map of the type hash or btree can be written here; add the sites' lines to yours by "
           "hand");
    if (!place.is_file) place.text = std::string(kMailDirectory) + usual;
    return place;
  }

  std::string_view mc_;
  const std::string& name_;
  std::vector<McCall> calls_;
  McFacts facts_;
};

std::string features(const McFacts& facts, const McWish& wish) {
  std::string text;
  if (wish.port != 5000) text += "define(`TSMTP_PORT', `" + std::to_string(wish.port) + "')dnl\n";
  if (wish.add_local_names) text += "FEATURE(`use_cw_file')dnl\n";
  for (const std::string& domain : wish.local_domains)
    text += "LOCAL_DOMAIN(`" + domain + "')dnl\n";
  if (wish.only.empty()) {
    if (!facts.has_mailertable) text += "FEATURE(`mailertable')dnl\n";
    text += "FEATURE(`tsmtp')dnl\n";
  }
  text += wish.lists_for_all ? "FEATURE(`tsmtp_inbound', `', `lists')dnl\n" : "FEATURE(`tsmtp_inbound')dnl\n";
  return text;
}

/// When these rules see an address, it has a dot behind it if DNS knows its domain, else none. It stands in
/// quotes, because a user may have the name of a macro.
std::string mailer(const McWish& wish) {
  std::string text = "MAILER(`tsmtp')dnl\n";
  if (wish.only.empty()) return text;
  text += "PUSHDIVERT(3)dnl\n# tsmtp: these addresses only\n";
  for (const McWish::Route& route : wish.only) {
    for (const std::string_view dot : {"", " ."}) {
      const std::string address =
          "`" + route.user + "' < @ `" + route.domain + '\'' + std::string(dot) + " >";
      text += "R" + address + " $*\t$#tsmtp $@ [" + route.host + "] $: " + address + " $1\n";
    }
  }
  return text + "POPDIVERT`'dnl\n";
}

}  // namespace

McFacts look_at_mc(std::string_view mc, const std::string& name, const Included& included) {
  return Look(mc, name, included).facts();
}

std::string with_blocks(std::string_view mc, const McFacts& facts, const McWish& wish) {
  // The later block goes in first, so that the place of the other stays the same.
  const std::string half = with_block(mc, facts.mailer_at, mailer(wish), Comment::kDnl);
  return with_block(half, facts.features_at, features(facts, wish), Comment::kDnl);
}

}  // namespace tsmtp::sendmail
