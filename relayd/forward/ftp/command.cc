#include "relayd/forward/ftp/command.h"

#include <algorithm>
#include <array>

#include "relayd/base/bytes.h"

namespace tsmtp::forward::ftp {
namespace {

constexpr std::size_t kMaxVerbBytes = 16;
constexpr char kIac = '\xff';
constexpr char kInterruptProcess = '\xf4';
constexpr char kDataMark = '\xf2';
// Telnet's commands (RFC 854): 240 to 250 stand alone, 251 to 254 have an option behind them.
constexpr unsigned kFirstTelnet = 240;
constexpr unsigned kFirstWithOption = 251;

unsigned value_of(char c) {
  return static_cast<unsigned char>(c);
}

/// Takes telnet's commands off the front of `line`. The byte that was sent as urgent may be missing among
/// them.
bool take_telnet(std::string_view& line) {
  bool interrupts = false;
  while (!line.empty()) {
    std::size_t taken = 0;
    if (line.front() == kIac) {
      const bool has_option = line.size() > 1 && line[1] != kIac && value_of(line[1]) >= kFirstWithOption;
      if (has_option) taken = 3;
      if (!has_option) taken = 1;  // what is behind it is looked at by itself
    } else if (value_of(line.front()) >= kFirstTelnet) {
      interrupts = interrupts || line.front() == kInterruptProcess || line.front() == kDataMark;
      taken = 1;
    }
    if (taken == 0) break;
    line.remove_prefix(std::min(taken, line.size()));
  }
  return interrupts;
}

bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

std::string Command::wire() const {
  std::string line;
  if (interrupts) line = {kIac, kInterruptProcess, kIac, kDataMark};
  line += verb;
  if (!argument.empty()) line += ' ' + argument;
  return line + "\r\n";
}

base::Result<Command> parse_command(std::string_view line) {
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
    return base::Error{"A command that holds a CR or NUL is refused here"};
  Command command;
  command.interrupts = take_telnet(line);
  const std::string_view verb = line.substr(0, line.find(' '));
  if (verb.empty() || verb.size() > kMaxVerbBytes || !std::all_of(verb.begin(), verb.end(), is_letter))
    return base::Error{"This is no command"};
  command.verb = base::ascii_upper(verb);
  if (verb.size() < line.size()) command.argument = line.substr(verb.size() + 1);
  return command;
}

bool is_transfer(std::string_view verb) {
  static constexpr std::array<std::string_view, 7> kVerbs{"RETR", "STOR", "APPE", "STOU",
                                                          "LIST", "NLST", "MLSD"};
  return std::find(kVerbs.begin(), kVerbs.end(), verb) != kVerbs.end();
}

}  // namespace tsmtp::forward::ftp
