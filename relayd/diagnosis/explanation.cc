#include "relayd/diagnosis/explanation.h"

#include <algorithm>
#include <optional>

namespace tsmtp::diagnosis {
namespace {

using State = Station::State;
using Fate = Explanation::Fate;

constexpr char kTransient = '4';
constexpr char kPermanent = '5';

/// Walks the stations of one mail; each returns what ends the way, or nothing where it goes on.
class Way {
 public:
  explicit Way(const Facts& facts) : facts_(facts) {}

  Explanation walk() {
    using Look = std::optional<Fate> (Way::*)();
    for (const Look look : {&Way::table, &Way::closed, &Way::sendmail, &Way::site, &Way::endpoint, &Way::link,
                            &Way::own_rules, &Way::far_side})
      if (const auto fate = (this->*look)()) {
        out_.fate = *fate;
        return std::move(out_);
      }
    const bool is_known = std::none_of(out_.stations.begin(), out_.stations.end(),
                                       [](const Station& one) { return one.state == State::kUnknown; });
    out_.fate = is_known ? Fate::kArrives : Fate::kNotKnown;
    return std::move(out_);
  }

 private:
  std::optional<Fate> clear(const char* name, const std::string& text, const std::string& remedy = "") {
    out_.stations.push_back({.name = name, .state = State::kClear, .text = text, .remedy = remedy});
    return {};
  }

  std::optional<Fate> unknown(const char* name, const std::string& text) {
    out_.stations.push_back({.name = name, .state = State::kUnknown, .text = text});
    return {};
  }

  std::optional<Fate> blocked(const char* name, const std::string& text, const std::string& remedy,
                              Fate fate) {
    out_.stations.push_back({.name = name, .state = State::kBlocked, .text = text, .remedy = remedy});
    return fate;
  }

  static Fate fate_of(const std::string& reply) {
    return reply.front() == kTransient ? Fate::kWaits : Fate::kBounces;
  }
  static bool is_refusal(const std::string& reply) {
    return !reply.empty() && (reply.front() == kTransient || reply.front() == kPermanent);
  }

  [[nodiscard]] const SendmailChoice* choice() const {
    return facts_.sendmail && *facts_.sendmail ? &**facts_.sendmail : nullptr;
  }
  [[nodiscard]] bool leads_to_a_site() const {
    return facts_.reached || (choice() != nullptr && choice()->mailer.starts_with("tsmtp"));
  }
  [[nodiscard]] std::string domain() const {
    return facts_.recipient.substr(facts_.recipient.rfind('@') + 1);
  }
  [[nodiscard]] std::string wanted_line() const {
    return domain() + "\ttsmtp:[" + facts_.behind->address + ']';
  }

  std::optional<Fate> table() {
    if (!facts_.table_line) return {};
    if (!*facts_.table_line) return unknown("table", facts_.table_line->error().message);
    const auto& line = **facts_.table_line;
    if (line)
      return clear("table", line->place + ": " + line->key + ' ' + line->value,
                   line->is_built ? "" : "the text has changed since the table was built: build it anew");
    if (leads_to_a_site() || !facts_.behind) return {};
    return blocked("table", "no line of " + facts_.table + " answers for " + domain(),
                   facts_.behind->address.empty()
                       ? "add one that leads to " + facts_.behind->name
                       : "add the line \"" + wanted_line() + "\" to it, and build it",
                   choice() != nullptr && choice()->refusal.empty() ? Fate::kGoesInClear : Fate::kWaits);
  }

  // Nothing is in the way of this mail; of the next one there may be, if the table is lost.
  std::optional<Fate> closed() {
    if (!facts_.closed || !facts_.behind) return {};
    if (!*facts_.closed) return unknown("closed", facts_.closed->error().message);
    const std::string& place = **facts_.closed;
    if (!place.empty()) return clear("closed", place + ": it leaves by a link or not at all");
    return clear("closed", domain() + " may leave in clear if the table is lost",
                 "add it to the list of FEATURE(`tsmtp'), /etc/mail/tsmtp-domains; make sendmail.cf anew");
  }

  std::optional<Fate> sendmail() {
    if (!facts_.sendmail) return {};
    if (!*facts_.sendmail) return unknown("sendmail", facts_.sendmail->error().message);
    const SendmailChoice& chosen = **facts_.sendmail;
    if (!chosen.refusal.empty())
      return blocked("sendmail", chosen.refusal, remedy_of(chosen), fate_of(chosen.refusal));
    const std::string text = "mailer " + chosen.mailer + (chosen.host.empty() ? "" : ", host " + chosen.host);
    if (leads_to_a_site()) return clear("sendmail", text);
    if (!facts_.behind) {
      clear("sendmail", text);
      return Fate::kNotForASite;
    }
    return blocked(
        "sendmail", text,
        domain() + " is behind " + facts_.behind->name +
            " in relayd.toml, and sendmail's configuration does not lead there: see sendmail.mc, and "
            "build sendmail.cf anew",
        chosen.mailer == "local" ? Fate::kNotForASite : Fate::kGoesInClear);
  }

  [[nodiscard]] std::string remedy_of(const SendmailChoice& chosen) const {
    if (chosen.refusal.find("local name too") != std::string::npos)
      return "take " + domain() + " out of local-host-names, or out of tsmtp-domains";
    if (chosen.refusal.find("tunnel-only") != std::string::npos)
      return facts_.behind && !facts_.behind->address.empty()
                 ? "the mailertable must lead to the site: \"" + wanted_line() + '"'
                 : "no site of relayd.toml has this domain: add it to one's domains, and to the mailertable";
    return "sendmail's own rules say so, before the mail is handed to relayd";
  }

  std::optional<Fate> site() {
    if (facts_.reached) {
      if (facts_.behind && facts_.behind->name != facts_.reached->name)
        return blocked(
            "site", "the way leads to " + facts_.reached->name,
            domain() + " is behind " + facts_.behind->name + " in relayd.toml: correct the mailertable",
            Fate::kBounces);
      return clear("site", facts_.reached->name);
    }
    if (choice() == nullptr) return facts_.behind ? unknown("site", facts_.behind->name) : Fate::kNotForASite;
    return blocked("site", "no site of relayd.toml listens at " + choice()->host,
                   "give a [[site]] this address, or correct the mailertable", Fate::kWaits);
  }

  std::optional<Fate> endpoint() {
    if (!facts_.greeting) return {};
    if (!*facts_.greeting)
      return blocked("endpoint", facts_.endpoint + ": " + facts_.greeting->error().message,
                     "is relayd running? See `systemctl status relayd`, or start it", Fate::kWaits);
    const std::string& greeting = **facts_.greeting;
    if (is_refusal(greeting))
      return blocked("endpoint", greeting, "`relayctl status` says more of this site", fate_of(greeting));
    return clear("endpoint", facts_.endpoint + ": " + greeting);
  }

  std::optional<Fate> link() {
    if (!facts_.relayd) return {};
    if (!*facts_.relayd) return unknown("link", "relayd cannot be asked: " + facts_.relayd->error().message);
    const control::ProbeAnswer& said = **facts_.relayd;
    if (!said.refusal.empty())
      return blocked("link", said.refusal, "`relayctl status` says more of this site", Fate::kWaits);
    return clear("link", said.link + (said.key.empty() ? "" : ", key " + said.key));
  }

  std::optional<Fate> own_rules() {
    if (!facts_.relayd || !*facts_.relayd || (*facts_.relayd)->rules.empty()) return {};
    const std::string& reply = (*facts_.relayd)->rules;
    return blocked("our rules", reply,
                   "add " + domain() + " to domains of this [[site]] in relayd.toml, and reload",
                   fate_of(reply));
  }

  std::optional<Fate> far_side() {
    if (!facts_.relayd || !*facts_.relayd) return {};
    const control::ProbeAnswer& said = **facts_.relayd;
    for (const auto& [name, reply] :
         {std::pair{"far MAIL", &said.mail}, std::pair{"far RCPT", &said.recipient}}) {
      if (!*reply) return unknown(name, said.trouble.empty() ? "no answer" : said.trouble);
      if (is_refusal(**reply))
        return blocked(name, **reply, "this is the far hub's word: its administrator can tell more",
                       fate_of(**reply));
      clear(name, **reply);
    }
    return {};
  }

  const Facts& facts_;
  Explanation out_;
};

}  // namespace

const Station* Explanation::obstacle() const {
  const auto found = std::find_if(stations.begin(), stations.end(),
                                  [](const Station& one) { return one.state == State::kBlocked; });
  return found == stations.end() ? nullptr : &*found;
}

Explanation explain(const Facts& facts) {
  return Way(facts).walk();
}

}  // namespace tsmtp::diagnosis
