#include "relayd/diagnosis/hub/cf_reading.h"

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/diagnosis/hub/places.h"

namespace tsmtp::diagnosis {
namespace {

/// Of the line `F{TsmtpDomain}/etc/mail/tsmtp-domains`, or `Fw-o /etc/mail/local-host-names %[^#]`.
std::string path_in(std::string_view rest) {
  for (const std::string& word : words_in(rest))
    if (const std::size_t slash = word.find('/'); slash != word.npos) return word.substr(slash);
  return {};
}

/// What stands behind A= in a mailer's line.
std::string arguments_in(std::string_view mailer) {
  const std::size_t at = mailer.rfind("A=");
  return at == mailer.npos ? std::string() : joined(words_in(mailer.substr(at + 2)), " ");
}

void add_words(std::set<std::string, std::less<>>& names, std::string_view text) {
  for_lines(text, [&](std::string_view line, int) {
    for (const std::string& word : words_in(line))
      names.insert(base::ascii_lower(word));
  });
}

}  // namespace

CfReading read_cf(std::string_view cf) {
  CfReading out;
  std::string mailer;
  bool in_mailer = false;
  for_lines(cf, [&](std::string_view line, int) {
    const bool goes_on = line.starts_with(' ') || line.starts_with('\t');
    in_mailer = line.starts_with("Mtsmtp,") || line.starts_with("Mtsmtp ") || (in_mailer && goes_on);
    if (in_mailer) mailer.append(line).append(" ");
    if (line.starts_with("F{TsmtpDomain}")) out.closed_file = path_in(line.substr(1));
    if (line.starts_with("F{TsmtpDomain}") || line.starts_with("Ktsmtpdomain")) out.is_closing = true;
    if (line.starts_with("Fw") || line.starts_with("F{w}")) out.local_names_file = path_in(line.substr(1));
    if (line.starts_with("FR") || line.starts_with("F{R}")) out.relay_file = path_in(line.substr(1));
    if (line.starts_with("# tsmtp: these addresses only")) out.is_trial = true;
  });
  out.has_mailer = !mailer.empty();
  out.mailer_arguments = arguments_in(mailer);
  out.mailertable = sendmail::map_in(cf, "mailertable");
  out.access = sendmail::map_in(cf, "access");
  out.senders = sendmail::map_in(cf, "tsmtpsite");
  const std::string queue = sendmail::option_in(cf, "QueueDirectory");
  out.queues.push_back(queue.empty() ? "/var/spool/mqueue" : queue);
  out.pid_file = sendmail::option_in(cf, "PidFile");
  return out;
}

std::vector<std::string> files_of(const CfReading& cf) {
  std::vector<std::string> out;
  for (const std::string& path : {cf.closed_file, cf.local_names_file, cf.relay_file})
    if (!path.empty()) out.push_back(path);
  for (const auto& map : {cf.mailertable, cf.access, cf.senders})
    if (map && (map->type == "hash" || map->type == "btree")) {
      out.push_back(map->path);
      out.push_back(map->database());
    }
  return out;
}

mailertable::SendmailCf names_of_sendmail(const HubFacts& facts, const CfReading& cf) {
  mailertable::SendmailCf names =
      mailertable::parse_sendmail_cf(text_of(facts, facts.cf_file), facts.cf_file);
  names.local_names_file = cf.local_names_file;
  add_words(names.local_names, text_of(facts, cf.local_names_file));
  add_words(names.relayed_names, text_of(facts, cf.relay_file));
  if (cf.access) mailertable::add_access(names, text_of(facts, cf.access->path));
  mailertable::add_host_names(names, facts.host_name, text_of(facts, "/etc/hosts"));
  return names;
}

std::vector<Proof> proofs_for(const sendmail::HubFacts& hub) {
  constexpr std::size_t kMost = 200;
  std::vector<Proof> out;
  for (const sendmail::SiteFacts& site : hub.sites)
    for (const std::string& pattern : site.patterns) {
      if (out.size() == kMost) return out;
      const std::string domain = pattern.starts_with('.') ? "tsmtp-proof" + pattern : pattern;
      out.push_back({.address = "tsmtp-proof@" + domain, .domain = domain, .site = &site});
    }
  return out;
}

std::vector<std::string> with_parents(const std::string& domain) {
  std::vector<std::string> out{domain};
  for (std::size_t dot = domain.find('.'); dot != domain.npos; dot = domain.find('.', dot + 1))
    out.push_back(domain.substr(dot + 1));
  return out;
}

}  // namespace tsmtp::diagnosis
