// sendmail's configuration: whether it is what its texts say, whether the sendmail that runs has read it, and
// whether it has what tsmtp needs.
#include <algorithm>
#include <charconv>

#include "relayd/base/bytes.h"
#include "relayd/diagnosis/hub/cf_reading.h"
#include "relayd/diagnosis/hub/checks.h"
#include "relayd/diagnosis/hub/places.h"
#include "relayd/diagnosis/sendmail_choice.h"

namespace tsmtp::diagnosis {
namespace {

constexpr const char* kRestart = "restart sendmail: systemctl restart sendmail, or service sendmail restart";
constexpr const char* kMake =
    "make it anew: m4 /etc/mail/sendmail.mc >/etc/mail/sendmail.cf.new, which must print "
    "nothing else; mv it to sendmail.cf; restart sendmail. Or: tsmtp-sendmail on";

std::string mc_of(const HubFacts& facts) {
  return facts.cf_file.substr(0, facts.cf_file.rfind('.')) + ".mc";
}

/// sendmail is at work here, and has to do with sites.
bool is_concerned(const HubFacts& facts) {
  return !text_of(facts, facts.cf_file).empty() && !facts.for_sendmail.sites.empty();
}

void report_missing(const HubFacts& facts, Report& report, const std::string& what,
                    const std::string& consequence, const std::string& line) {
  report.wrong(facts.cf_file, what + ": " + consequence, line + " into " + mc_of(facts) + ", then " + kMake);
}

/// The answers of sendmail -bt, one for each question.
std::vector<base::Result<SendmailChoice>> choices_in(std::string_view answers) {
  std::vector<base::Result<SendmailChoice>> out;
  for_lines(answers, [&](std::string_view line, int) {
    if (line.starts_with("mailer ")) out.push_back(read_choice(line));
  });
  return out;
}

void judge_route(const HubFacts& facts, const CfReading& cf, const Proof& proof, const SendmailChoice& choice,
                 Report& report) {
  const std::string table = cf.mailertable ? cf.mailertable->path : "the mailertable";
  const std::string wanted = '[' + proof.site->host + ']';
  const std::string site = "site " + in_quotes(proof.site->name);
  const std::string line = proof.domain + "\ttsmtp:" + wanted;
  const std::string place = place_of(facts, cf.mailertable ? table : facts.cf_file, proof.domain);
  if (!choice.refusal.empty())
    report.wrong(
        place,
        "mail for " + proof.domain + ", which is behind " + site + ", would not leave: " + choice.refusal,
        choice.refusal.find("local name") != std::string::npos
            ? "take " + proof.domain + " out of local-host-names"
            : "the line \"" + line + "\" into " + table + ", and build it: mailertable build " + table);
  else if (choice.mailer == "tsmtp" && choice.host != wanted)
    report.wrong(place,
                 "mail for " + proof.domain + ", which is behind " + site + ", would go to " + choice.host +
                     ", not to " + wanted,
                 "correct the line in " + table + ", and build it: mailertable build " + table);
  else if (choice.mailer != "tsmtp")
    report.wrong(place,
                 "mail for " + proof.domain + ", which is behind " + site + ", would " +
                     (choice.mailer == "local" ? "stay on this host (mailer local)"
                                               : "leave in clear by mailer " + choice.mailer +
                                                     (choice.host.empty() ? "" : " to " + choice.host)),
                 "tsmtp-sendmail on; or the line \"" + line + "\" into " + table +
                     ", FEATURE(`tsmtp') and MAILER(`tsmtp') into " + mc_of(facts));
}

struct Waiting {
  std::size_t mails = 0;
  std::string reason;
};

}  // namespace

void check_cf(const HubFacts& facts, Report& report) {
  if (!facts.cf_edit || text_of(facts, facts.cf_file).empty()) return;
  const std::string mc = mc_of(facts);
  if (!*facts.cf_edit) {
    report.wrong(mc, "sendmail.cf cannot be made of it: " + facts.cf_edit->error().message,
                 "mend what m4 complains of, then: tsmtp-sendmail check");
    return;
  }
  if ((*facts.cf_edit)->empty()) return;
  const FileFact* const text = file_at(facts, mc);
  const FileFact* const made = file_at(facts, facts.cf_file);
  const std::string line = in_quotes(**facts.cf_edit);
  if (text != nullptr && made != nullptr && text->changed > made->changed)
    report.wrong(facts.cf_file,
                 "it is older than " + mc + ", and m4 makes another of that now (see " + line + ")", kMake,
                 wall_time(text->changed));
  else
    report.warning(facts.cf_file,
                   "it is not what m4 makes of " + mc + " (see " + line +
                       "): it was edited, or a file that sendmail.mc reads was changed",
                   "put edits into " + mc + ", or they are lost; then " + kMake);
}

void check_features(const HubFacts& facts, Report& report) {
  if (!is_concerned(facts)) return;
  const std::string_view text = text_of(facts, facts.cf_file);
  const CfReading cf = read_cf(text);
  if (cf.is_trial)
    report.warning(facts.cf_file,
                   "only the addresses of a trial go by tsmtp, all other mail for the sites in clear",
                   "tsmtp-sendmail on");
  if (!cf.has_mailer)
    report_missing(facts, report, "it has no mailer tsmtp", "no mail can go to a site",
                   "MAILER(`tsmtp') at the end");
  if (!cf.mailertable && !cf.is_trial)
    report_missing(facts, report, "it reads no mailertable",
                   "mail for the sites goes by MX, in clear, or waits", "FEATURE(`mailertable')");
  if (!cf.is_closing && !cf.is_trial)
    report_missing(facts, report, "it does not fail closed",
                   "if the mailertable is lost or a line of it wrong, mail for the sites leaves in clear",
                   "FEATURE(`tsmtp') before the mailers");
  if (!cf.senders)
    report_missing(facts, report, "it does not tell the sites' mail from others",
                   "anybody may send in a site's name, and a site in anybody's",
                   "FEATURE(`tsmtp_inbound') before the mailers");
  for (const char* const option : {"FallbackMXhost", "FallbackSmartHost"})
    if (const std::string host = sendmail::option_in(text, option); !host.empty())
      report.wrong(
          place_of(facts, facts.cf_file, option),
          std::string(option) + " is " + host +
              ": sendmail would hand it a site's mail while the link is down",
          "take confFALLBACK_MX and confFALLBACK_SMARTHOST out of " + mc_of(facts) + ", then " + kMake);
}

void check_restarted(const HubFacts& facts, Report& report) {
  if (!facts.sendmail_read) return;
  const CfReading cf = read_cf(text_of(facts, facts.cf_file));
  for (const std::string& path : {facts.cf_file, cf.local_names_file, cf.relay_file, cf.closed_file}) {
    const FileFact* const file = file_at(facts, path);
    if (file != nullptr && file->changed > *facts.sendmail_read + 1)
      report.wrong(path, "it was changed after sendmail had read it", kRestart, wall_time(file->changed));
  }
}

void check_mailer(const HubFacts& facts, Report& report) {
  if (!is_concerned(facts)) return;
  const CfReading cf = read_cf(text_of(facts, facts.cf_file));
  if (!cf.has_mailer) return;
  const std::vector<std::string> words = words_in(cf.mailer_arguments);
  if (words.size() == 3 && (words[0] == "TCP" || words[0] == "IPC")) {
    unsigned port = 0;
    std::from_chars(words[2].data(), words[2].data() + words[2].size(), port);
    if (port != 0 && port != facts.for_sendmail.port)
      report.wrong(place_of(facts, facts.cf_file, words[2]),
                   "sendmail's mailer tsmtp goes to port " + words[2] + ", and relayd listens at " +
                       std::to_string(facts.for_sendmail.port),
                   "define(`TSMTP_PORT', `" + std::to_string(facts.for_sendmail.port) +
                       "') before MAILER(`tsmtp') in " + mc_of(facts) +
                       ", or correct `endpoint` of the sites");
  }
  for (const std::string& odd : facts.for_sendmail.findings)
    report.wrong(facts.config_file, odd, "give all endpoints one port");
  const auto mailers = mailertable::parse_sendmail_cf(text_of(facts, facts.cf_file), facts.cf_file).mailers;
  const auto ours =
      std::find_if(mailers.begin(), mailers.end(), [](const auto& one) { return one.name == "tsmtp"; });
  if (ours != mailers.end() && ours->looks_up_mx.value_or(false))
    report.warning(facts.cf_file,
                   "sendmail's mailer tsmtp has no flag 0: it asks the DNS for an MX of a site's host",
                   "use MAILER(`tsmtp') as it comes with tsmtp");
}

void check_mail_files(const HubFacts& facts, Report& report) {
  if (text_of(facts, facts.cf_file).empty()) return;
  constexpr unsigned kOthersMayWrite = 022;
  constexpr unsigned kOwnersOnly = 01000;
  const CfReading cf = read_cf(text_of(facts, facts.cf_file));
  std::vector<std::string> paths = files_of(cf);
  paths.insert(paths.begin(),
               {"/etc", facts.cf_file.substr(0, facts.cf_file.rfind('/')), facts.cf_file, mc_of(facts)});
  for (const std::string& path : paths) {
    const FileFact* const file = file_at(facts, path);
    if (file == nullptr || (file->mode & kOthersMayWrite) == 0 || (file->mode & kOwnersOnly) != 0) continue;
    report.wrong(path, "others than its owner may write it, and sendmail does not trust what is so",
                 "chmod go-w " + path);
  }
  for (const std::string& queue : cf.queues)
    if (const auto found = facts.files.find(queue);
        found != facts.files.end() && found->second.kind == FileFact::Kind::kAbsent)
      report.wrong(queue, "sendmail's queue is not there", "install -d -o smmta -g smmsp -m 2750 " + queue);
}

void check_routes(const HubFacts& facts, Report& report) {
  if (!is_concerned(facts) || !facts.routes) return;
  const CfReading cf = read_cf(text_of(facts, facts.cf_file));
  if (cf.is_trial) return;
  if (!*facts.routes) {
    report.wrong(facts.cf_file,
                 "sendmail cannot be asked where it sends mail: " + facts.routes->error().message,
                 "mend what it complains of");
    return;
  }
  const std::vector<Proof> proofs = proofs_for(facts.for_sendmail);
  const auto choices = choices_in(**facts.routes);
  if (choices.size() != proofs.size()) {
    const std::string first((*facts.routes)->substr(0, (*facts.routes)->find('\n')));
    report.wrong(facts.cf_file, "sendmail -bt does not answer: " + first, "mend what it complains of");
    return;
  }
  for (std::size_t i = 0; i < proofs.size(); ++i)
    if (choices[i]) judge_route(facts, cf, proofs[i], *choices[i], report);
}

void check_queue(const HubFacts& facts, Report& report) {
  std::map<std::string, Waiting> waiting;
  std::string reason;
  for_lines(facts.queue, [&](std::string_view line, int) {
    if (line.empty()) return;
    const bool begins = line.front() != ' ' && line.front() != '\t';
    const std::size_t text_at = line.find_first_not_of(" \t");
    if (begins) reason.clear();
    if (begins || text_at == line.npos) return;
    line.remove_prefix(text_at);
    if (line.starts_with('(')) {
      reason = line;
      return;
    }
    const std::size_t at = line.rfind('@');
    if (at == line.npos || reason.empty()) return;
    const std::string domain(line.substr(at + 1, line.find_first_of("> \t\r", at) - at - 1));
    for (const settings::Site& site : facts.sites)
      if (site.rules.domains.contains(domain)) {
        Waiting& of_site = waiting[site.name];
        ++of_site.mails;
        of_site.reason = reason;
        return;
      }
  });
  for (const auto& [site, mails] : waiting) {
    const auto known = std::find_if(facts.sites.begin(), facts.sites.end(),
                                    [name = &site](const settings::Site& one) { return one.name == *name; });
    const std::vector<std::string>& patterns = known->rules.domains.patterns();
    const std::string domain = patterns.empty() ? std::string("@") : patterns.front();
    report.warning(
        "site " + site,
        std::to_string(mails.mails) + (mails.mails == 1 ? " recipient" : " recipients") +
            " in sendmail's queue, the last " + mails.reason,
        "when the reason is gone: sendmail -qR" + domain + "; of one address: relayctl why ADDRESS");
  }
}

}  // namespace tsmtp::diagnosis
