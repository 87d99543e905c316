#include "endpoints/pages/texts.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "platform/http/field.h"
#include "platform/text/accept_language.h"

// Sentences that hold "{}" are filled in by the pages' code. People are spoken to as apps for
// Matrix do: plainly, in German with "du".
namespace latchkey::pages {
namespace {

// clang-format off
constexpr Text kTexts[] = {
  // What several pages say.
  {"CANCEL", "Cancel", "Abbrechen"},
  {"BACK_HOME", "Back to your account", "Zurück zu deinem Konto"},
  {"CONTINUE", "Continue", "Weiter"},
  {"SAVE", "Save", "Speichern"},
  {"PASSWORD", "Password", "Passwort"},
  {"YOUR_PASSWORD", "Your password", "Dein Passwort"},
  {"USER_NAME", "User name", "Benutzername"},
  {"CURRENT_PASSWORD", "Current password", "Bisheriges Passwort"},
  {"NEW_PASSWORD", "New password", "Neues Passwort"},
  {"REPEAT_PASSWORD", "The same password again", "Dasselbe Passwort noch einmal"},
  {"NEVER", "never", "nie"},
  {"UNKNOWN", "unknown", "unbekannt"},
  {"JUST_NOW", "just now", "gerade eben"},
  {"MINUTES_AGO", "{} min ago", "vor {} Min."},
  {"HOURS_AGO", "{} h ago", "vor {} Std."},
  {"YESTERDAY", "a day ago", "vor einem Tag"},
  {"DAYS_AGO", "{} days ago", "vor {} Tagen"},
  {"ON_SYSTEM", "{0} on {1}", "{0} unter {1}"},

  // Consent to what an app asks for, and the codes of other devices.
  {"AUTHORIZE_FAILED", "The app cannot go on", "Die App kommt hier nicht weiter"},
  {"AUTHORIZE_UNKNOWN_CLIENT",
   "This app is not known here, or was away for very long. Go back to it and begin again.",
   "Diese App ist hier nicht bekannt oder war sehr lange weg. Geh zu ihr zurück und fang noch "
   "einmal an."},
  {"AUTHORIZE_WRONG_ADDRESS",
   "The app asks to be answered at an address that it has not registered. Nothing was sent there. "
   "Tell the people who make the app.",
   "Die App möchte die Antwort an eine Adresse, die sie nicht angemeldet hat. Dorthin wurde nichts "
   "geschickt. Sag denen Bescheid, die die App machen."},
  {"AUTHORIZE_UNREADABLE",
   "The app has sent a request that cannot be read. Go back to it and begin again. If that does not "
   "help, tell the people who make the app.",
   "Die App hat eine Anfrage geschickt, die sich nicht lesen lässt. Geh zu ihr zurück und fang noch "
   "einmal an. Wenn das nicht hilft, sag denen Bescheid, die die App machen."},
  {"AUTHORIZE_REFUSED",
   "The app has asked for something that it cannot be given. Go back to it and begin again. If that "
   "does not help, tell the people who make the app.",
   "Die App hat um etwas gebeten, das sie nicht bekommen kann. Geh zu ihr zurück und fang noch "
   "einmal an. Wenn das nicht hilft, sag denen Bescheid, die die App machen."},
  {"CONSENT_TITLE", "Let {} into your account?", "{} in dein Konto lassen?"},
  {"CONSENT_ASKS", "{0} wants to use your account on {1}.",
   "{0} möchte dein Konto auf {1} benutzen."},
  {"CONSENT_APP", "App", "App"},
  {"CONSENT_AS", "Your account", "Dein Konto"},
  {"CONSENT_WILL", "It will be able to:", "Sie wird Folgendes können:"},
  {"CONSENT_SCOPE_OPENID", "know who you are", "wissen, wer du bist"},
  {"CONSENT_SCOPE_EMAIL", "see your e-mail address", "deine E-Mail-Adresse sehen"},
  {"CONSENT_SCOPE_MATRIX", "read and send messages, and see and change your rooms, as you",
   "in deinem Namen Nachrichten lesen und senden und deine Räume sehen und ändern"},
  {"CONSENT_SCOPE_DEVICE", "stay signed in as the device {}", "als Gerät {} angemeldet bleiben"},
  {"CONSENT_SCOPE_ADMIN", "administer the whole server", "den ganzen Server verwalten"},
  {"CONSENT_REPLACES",
   "It takes over your device {}, which is signed out where it is now. Allow that only if you are "
   "signing in to the same app again.",
   "Sie übernimmt dein Gerät {}, das dort abgemeldet wird, wo es jetzt ist. Erlaube das nur, wenn du "
   "dich in derselben App wieder anmeldest."},
  {"CONSENT_WARNING", "You will be sent back to {}. Go on only if you trust it.",
   "Du wirst zu {} zurückgeschickt. Mach nur weiter, wenn du dem vertraust."},
  {"CONSENT_WARNING_LOCAL",
   "You will be sent back to an app on this device that says it is {}. Go on only if you have just "
   "opened it yourself.",
   "Du wirst zu einer App auf diesem Gerät zurückgeschickt, die sich {} nennt. Mach nur weiter, "
   "wenn du sie gerade selbst geöffnet hast."},
  {"CONSENT_ALLOW", "Allow", "Erlauben"},
  {"CONSENT_DENY", "Deny", "Ablehnen"},
  {"CONSENT_NOT_ME", "Not you? Use another account", "Nicht du? Ein anderes Konto benutzen"},
  {"CONSENT_POLICY", "Privacy policy of the app", "Datenschutzerklärung der App"},
  {"CONSENT_TERMS", "Terms of the app", "Nutzungsbedingungen der App"},
  {"SSO_TITLE", "Sign in to {}?", "Bei {} anmelden?"},
  {"SSO_ASKS",
   "The app at {} will be signed in to your account. Go on only if you have just opened it yourself.",
   "Die App bei {} wird in deinem Konto angemeldet. Mach nur weiter, wenn du sie gerade selbst "
   "geöffnet hast."},
  {"SSO_WRONG_ADDRESS",
   "The app asks to be answered at something that is no address of an app. Nothing was sent there. "
   "Tell the people who make the app.",
   "Die App möchte die Antwort an etwas, das keine Adresse einer App ist. Dorthin wurde nichts "
   "geschickt. Sag denen Bescheid, die die App machen."},
  {"LINK_TITLE", "Sign in another device", "Ein anderes Gerät anmelden"},
  {"LINK_PURPOSE", "Type the code that the other device shows.",
   "Gib den Code ein, den das andere Gerät zeigt."},
  {"LINK_CODE", "Code", "Code"},
  {"LINK_GO_ON", "Continue", "Weiter"},
  {"LINK_ASKS_TITLE", "Sign in {} on another device?", "{} auf einem anderen Gerät anmelden?"},
  {"LINK_ASKS", "Another device asks to be signed in to your account.",
   "Ein anderes Gerät möchte in deinem Konto angemeldet werden."},
  {"LINK_FROM", "It asks from", "Es fragt von"},
  {"LINK_WARNING",
   "Allow this only if the device is in front of you and shows this code. If somebody has sent you "
   "the link or the code, deny it: they would get into your account.",
   "Erlaube das nur, wenn das Gerät vor dir steht und diesen Code zeigt. Hat dir jemand den Link "
   "oder den Code geschickt, lehne ab: Sonst kommt diese Person in dein Konto."},
  {"LINK_UNKNOWN",
   "No device waits with this code. Look whether you have typed it right; codes are good for a "
   "quarter of an hour.",
   "Mit diesem Code wartet kein Gerät. Prüfe, ob du ihn richtig eingegeben hast; ein Code gilt "
   "eine Viertelstunde."},
  {"LINK_TOO_MANY", "Too many codes were wrong. Wait some minutes, then try again.",
   "Zu viele Codes waren falsch. Warte einige Minuten und versuche es dann noch einmal."},
  {"LINK_DONE_TITLE", "The device is signed in", "Das Gerät ist angemeldet"},
  {"LINK_DONE", "Go on there: it notices in a few seconds. You can close this page.",
   "Mach dort weiter: Es merkt das in wenigen Sekunden. Diese Seite kannst du schließen."},
  {"LINK_DENIED_TITLE", "The device stays out", "Das Gerät bleibt draußen"},
  {"LINK_DENIED", "Nothing was given to it. You can close this page.",
   "Es hat nichts bekommen. Diese Seite kannst du schließen."},
  {"LOGOUT_TITLE", "Sign out of this browser?", "In diesem Browser abmelden?"},
  {"LOGOUT_ASKS", "You have signed out of {0}. Do you want to sign out of {1} in this browser too?",
   "Du hast dich von {0} abgemeldet. Möchtest du dich in diesem Browser auch von {1} abmelden?"},
  {"LOGOUT_WHY",
   "This ends only your way to these pages. Your apps and devices stay signed in and keep their "
   "messages.",
   "Das beendet nur deinen Zugang zu diesen Seiten. Deine Apps und Geräte bleiben angemeldet und "
   "behalten ihre Nachrichten."},
  {"LOGOUT_DO", "Sign out", "Abmelden"},
  {"LOGOUT_STAY", "Stay signed in", "Angemeldet bleiben"},
  {"LOGOUT_DONE", "You are signed out", "Du bist abgemeldet"},
  {"LOGOUT_BACK", "Back to {}", "Zurück zu {}"},
  {"LOGOUT_HERE", "Sign out in your account", "In deinem Konto abmelden"},
  {"LOGOUT_WRONG_HINT", "The app has not shown properly that you were signed in to it from here.",
   "Die App hat nicht richtig belegt, dass du von hier aus bei ihr angemeldet warst."},
  {"LOGOUT_WRONG_ADDRESS",
   "The app asks to be gone back to at an address that it has not registered.",
   "Die App möchte, dass es an einer Adresse weitergeht, die sie nicht angemeldet hat."},

  // What went wrong, and what to do about it.
  {"FAULT_PASSES", "Not right now", "Gerade nicht"},
  {"FAULT_PASSES_WHY", "The server cannot answer at the moment. Wait a little, then try again.",
   "Der Server kann im Moment nicht antworten. Warte ein wenig und versuche es dann noch einmal."},
  {"FAULT_SERVER", "Something went wrong", "Etwas ist schiefgegangen"},
  {"FAULT_SERVER_WHY",
   "This is the server's fault, not yours. If it happens again, tell the people who run it.",
   "Das liegt am Server, nicht an dir. Wenn es noch einmal geschieht, sag denen Bescheid, die ihn "
   "betreiben."},
  {"FAULT_NO_PAGE", "There is no such page", "Diese Seite gibt es nicht"},
  {"FAULT_NO_PAGE_WHY", "Look whether the address is right, or go on from your account.",
   "Prüfe, ob die Adresse stimmt, oder mach in deinem Konto weiter."},
  {"FAULT_REQUEST", "That did not arrive well", "Das ist nicht gut angekommen"},
  {"FAULT_REQUEST_WHY", "Your browser sent something that cannot be read. Go back and try again.",
   "Dein Browser hat etwas geschickt, das sich nicht lesen lässt. Geh zurück und versuche es noch "
   "einmal."},
  {"ERROR_CREDENTIALS",
   "This user name and password do not belong together. Check both and try again.",
   "Benutzername und Passwort passen nicht zusammen. Prüfe beide und versuche es noch einmal."},
  {"ERROR_PASSWORD", "This is not your password. Try again.",
   "Das ist nicht dein Passwort. Versuche es noch einmal."},
  {"ERROR_PASSWORD_NEEDED", "Enter your password to go on.",
   "Gib dein Passwort ein, um fortzufahren."},
  {"ERROR_DEACTIVATED", "This account has been deactivated. Nobody can sign in to it any more.",
   "Dieses Konto wurde stillgelegt. Niemand kann sich mehr damit anmelden."},
  {"ERROR_LOCKED",
   "This account is locked for now. Nothing in it is lost. Ask the people who run this server.",
   "Dieses Konto ist zurzeit gesperrt. Nichts darin ist verloren. Frage die Leute, die diesen "
   "Server betreiben."},
  {"ERROR_TOO_MANY", "Too many attempts. Wait {} seconds, then try again.",
   "Zu viele Versuche. Warte {} Sekunden und versuche es dann noch einmal."},
  {"ERROR_BUSY", "The server is busy. Try again in a moment.",
   "Der Server ist beschäftigt. Versuche es gleich noch einmal."},
  {"ERROR_NO_PASSWORDS", "This server does not let people sign in with a password.",
   "Auf diesem Server kann man sich nicht mit einem Passwort anmelden."},
  {"ERROR_MISMATCH", "The two new passwords are not the same. Enter both again.",
   "Die beiden neuen Passwörter sind verschieden. Gib beide noch einmal ein."},
  {"ERROR_WEAK",
   "This password is easy to guess. Add another word or two that have nothing to do with the rest.",
   "Dieses Passwort ist leicht zu erraten. Hänge noch ein oder zwei Wörter an, die mit dem Rest "
   "nichts zu tun haben."},
  {"ERROR_WEAK_NAMES",
   "This password is easy to guess from your name or that of the server. Use other words.",
   "Dieses Passwort ist aus deinem Namen oder dem des Servers leicht zu erraten. Nimm andere "
   "Wörter."},
  {"ERROR_WEAK_SHORT", "This password is too short. Use at least {} characters.",
   "Dieses Passwort ist zu kurz. Nimm mindestens {} Zeichen."},
  {"ERROR_WEAK_LONG", "This password is too long. Use at most {} bytes.",
   "Dieses Passwort ist zu lang. Nimm höchstens {} Bytes."},
  {"ERROR_WEAK_NO_TEXT", "This password holds something that is no text. Use another one.",
   "Dieses Passwort enthält etwas, das kein Text ist. Nimm ein anderes."},
  {"ERROR_NAME_NEEDED", "Enter a user name.", "Gib einen Benutzernamen ein."},
  {"ERROR_NAME_FORM",
   "A user name is made of the letters a to z, digits and . _ = - / + only, and is not too long. "
   "Try another one.",
   "Ein Benutzername besteht nur aus den Buchstaben a bis z, Ziffern und . _ = - / + und ist "
   "nicht zu lang. Versuche einen anderen."},
  {"ERROR_NAME_TAKEN", "This user name is not free. Try another one.",
   "Dieser Benutzername ist nicht frei. Versuche einen anderen."},
  {"ERROR_TOKEN",
   "This registration token is not valid. Check it, or ask for a new one.",
   "Dieser Einladungscode gilt nicht. Prüfe ihn oder bitte um einen neuen."},
  {"ERROR_TERMS", "To go on you have to agree to each document.",
   "Um fortzufahren, musst du jedem Dokument zustimmen."},
  {"ERROR_ACCOUNT_ID", "Type the Matrix ID of this account as it stands above.",
   "Gib die Matrix-ID dieses Kontos so ein, wie sie oben steht."},
  {"ERROR_TOO_LONG", "This name is too long. Take a shorter one.",
   "Dieser Name ist zu lang. Nimm einen kürzeren."},
  {"FORM_OLD", "This form is too old", "Dieses Formular ist zu alt"},
  {"FORM_OLD_WHY",
   "Nothing was changed. The page was open for too long, or your browser does not accept cookies "
   "from this site. Open the page again and repeat what you did.",
   "Es wurde nichts geändert. Die Seite war zu lange offen, oder dein Browser nimmt keine Cookies "
   "dieser Website an. Öffne die Seite neu und wiederhole, was du getan hast."},
  {"NOT_READABLE", "This could not be read", "Das war nicht zu lesen"},
  {"NOT_READABLE_WHY", "What your browser sent is not a form of these pages. Nothing was changed.",
   "Was dein Browser gesendet hat, ist kein Formular dieser Seiten. Es wurde nichts geändert."},

  // Signing in and out.
  {"SIGN_IN", "Sign in", "Anmelden"},
  {"SIGN_IN_AGAIN", "Confirm that it is you", "Bestätige, dass du es bist"},
  {"SIGN_IN_AGAIN_WHY", "You are signed in already. To go on, enter your password once more.",
   "Du bist bereits angemeldet. Gib dein Passwort noch einmal ein, um fortzufahren."},
  {"SIGN_UP_INSTEAD",
   "You are signed in as {}. In this browser the new account takes its place.",
   "Du bist als {} angemeldet. In diesem Browser tritt das neue Konto an diese Stelle."},
  {"SIGN_IN_ANOTHER", "Use another account", "Ein anderes Konto benutzen"},
  {"SIGN_IN_ANOTHER_WHY",
   "Sign in with the account that you want to use. In this browser it takes the place of the one "
   "that is signed in now.",
   "Melde dich mit dem Konto an, das du benutzen möchtest. In diesem Browser tritt es an die Stelle "
   "des Kontos, das jetzt angemeldet ist."},
  {"SIGN_IN_FIRST", "Sign in to go on.", "Melde dich an, um fortzufahren."},
  {"USER_NAME_HINT", "For example {0}, or {1}.", "Zum Beispiel {0} oder {1}."},
  {"NO_ACCOUNT_YET", "No account yet?", "Noch kein Konto?"},
  {"CREATE_ONE", "Create one", "Eines anlegen"},
  {"SIGN_OUT", "Sign out of this browser", "In diesem Browser abmelden"},

  // Making an account.
  {"SIGN_UP", "Create an account", "Konto anlegen"},
  {"SIGN_UP_NAME_HINT", "Others will know you as @name:{}. It cannot be changed later.",
   "Andere sehen dich als @name:{}. Das lässt sich später nicht ändern."},
  {"PASSWORD_HINT", "Several words that have nothing to do with each other are good.",
   "Gut sind mehrere Wörter, die nichts miteinander zu tun haben."},
  {"TOKEN", "Registration token", "Einladungscode"},
  {"TOKEN_HINT",
   "You get one from the people who run this server. Upper and lower case count.",
   "Du bekommst ihn von den Leuten, die diesen Server betreiben. Groß- und Kleinschreibung "
   "zählen."},
  {"TERMS", "Please read each document, then tick it.",
   "Bitte lies jedes Dokument und kreuze es dann an."},
  {"I_ACCEPT", "I accept:", "Ich stimme zu:"},
  {"SIGN_UP_CLOSED", "Accounts are not given out here", "Hier werden keine Konten vergeben"},
  {"SIGN_UP_CLOSED_WHY",
   "On this server you cannot create an account yourself. Ask the people who run it, or choose "
   "another server.",
   "Auf diesem Server kannst du dir nicht selbst ein Konto anlegen. Frage die Leute, die ihn "
   "betreiben, oder wähle einen anderen."},
  {"HAVE_ACCOUNT", "Already have an account?", "Schon ein Konto?"},

  // Home.
  {"HOME", "Your account", "Dein Konto"},
  {"SIGNED_IN_AS", "Signed in as", "Angemeldet als"},
  {"YOUR_PAGES", "Pages of your account", "Seiten deines Kontos"},
  {"ABOUT_DEVICES", "The apps in which you are signed in", "Die Apps, in denen du angemeldet bist"},
  {"ABOUT_PROFILE", "Your name, and other ways to sign in",
   "Dein Name und andere Wege, dich anzumelden"},
  {"ABOUT_PASSWORD", "A new one, and who stays signed in",
   "Ein neues, und wer angemeldet bleibt"},
  {"ABOUT_EVERYTHING", "If a device was lost, or somebody knows your password",
   "Wenn ein Gerät verloren ist oder jemand dein Passwort kennt"},
  {"ABOUT_DEACTIVATE", "For good", "Für immer"},
  {"BROWSERS", "Browsers signed in to these pages", "Browser, die hier angemeldet sind"},
  {"THIS_BROWSER", "this browser", "dieser Browser"},
  {"END_BROWSER", "Sign out", "Abmelden"},
  {"LAST_USED", "Last used", "Zuletzt benutzt"},
  {"NOTICE_ACTION",
   "Your app asked for something that these pages do not have. Here is your account instead.",
   "Deine App wollte etwas, das es auf diesen Seiten nicht gibt. Hier ist stattdessen dein Konto."},
  {"NOTICE_BROWSER_ENDED", "The browser is signed out.", "Der Browser ist abgemeldet."},
  {"NOTICE_PASSWORD", "Your password is changed.", "Dein Passwort ist geändert."},
  {"NOTICE_SIGNED_OUT", "You are signed out of this browser.",
   "Du bist in diesem Browser abgemeldet."},
  {"NOTICE_EVERYTHING", "All your other sessions are ended.",
   "Alle deine anderen Sitzungen sind beendet."},
  {"NOTICE_WELCOME", "Your account is ready. You can sign in with it in any Matrix app.",
   "Dein Konto ist fertig. Du kannst dich damit in jeder Matrix-App anmelden."},

  // Profile.
  {"PROFILE", "Profile", "Profil"},
  {"MATRIX_ID", "Matrix ID", "Matrix-ID"},
  {"DISPLAY_NAME", "Name that others see", "Name, den andere sehen"},
  {"DISPLAY_NAME_HINT", "Leave it empty to have none.", "Lass das Feld leer, um keinen zu haben."},
  {"EMAIL", "E-mail address", "E-Mail-Adresse"},
  {"PHONE", "Telephone number", "Telefonnummer"},
  {"NOTICE_SAVED", "Saved.", "Gespeichert."},

  // Devices.
  {"DEVICES", "Your devices", "Deine Geräte"},
  {"DEVICES_NONE", "You are not signed in to any app.", "Du bist in keiner App angemeldet."},
  {"DEVICES_WHY",
   "Each app in which you signed in is a device. If there is one that you do not know, delete it "
   "and change your password.",
   "Jede App, in der du dich angemeldet hast, ist ein Gerät. Wenn du eines nicht kennst, lösche es "
   "und ändere dein Passwort."},
  {"DEVICE", "Device", "Gerät"},
  {"DEVICE_UNNAMED", "Device without a name", "Gerät ohne Namen"},
  {"DEVICE_ID", "Device ID", "Geräte-ID"},
  {"DEVICE_APP", "App", "App"},
  {"DEVICE_FIRST_USED", "First used", "Zuerst benutzt"},
  {"DEVICE_PLACE", "From", "Von"},
  {"DEVICE_BROWSER", "With", "Mit"},
  {"DEVICE_HOW", "Signed in", "Angemeldet"},
  {"HOW_PASSWORD", "with the password, in the app", "mit dem Passwort, in der App"},
  {"HOW_LOGIN_TOKEN", "from another device", "von einem anderen Gerät aus"},
  {"HOW_SERVICE", "by a service of this server", "durch einen Dienst dieses Servers"},
  {"HOW_REGISTRATION", "when the account was created", "beim Anlegen des Kontos"},
  {"HOW_BROWSER", "in the browser", "im Browser"},
  {"HOW_DEVICE_CODE", "with a code, from another device", "mit einem Code, von einem anderen Gerät"},
  {"APPS_TITLE", "Other apps", "Andere Apps"},
  {"APPS_WHY", "These know who you are, and can do nothing else with your account.",
   "Diese wissen, wer du bist, und können sonst nichts mit deinem Konto tun."},
  {"NOTICE_APP_ENDED", "The app is signed out.", "Die App ist abgemeldet."},
  {"DEVICE_HERE", "This device", "Dieses Gerät"},
  {"DEVICE_HERE_WHY", "signed in by this browser", "durch diesen Browser angemeldet"},
  {"DEVICE_SOFT", "Waits for you to sign in again", "Wartet darauf, dass du dich neu anmeldest"},
  {"DEVICE_SOFT_WHY",
   "This device is signed out for now. Sign in on it again and it goes on with its encrypted "
   "messages.",
   "Dieses Gerät ist vorläufig abgemeldet. Melde dich darauf wieder an, und es macht mit seinen "
   "verschlüsselten Nachrichten weiter."},
  {"DEVICE_LOCKED", "Paused while your account is locked",
   "Ruht, solange dein Konto gesperrt ist"},
  {"DEVICE_NAME", "Name of the device", "Name des Geräts"},
  {"DEVICE_NAME_HINT", "Others can see this name.", "Andere können diesen Namen sehen."},
  {"DEVICE_DELETE", "Sign out and delete this device", "Dieses Gerät abmelden und löschen"},
  {"DEVICE_DELETE_TITLE", "Delete this device?", "Dieses Gerät löschen?"},
  {"DEVICE_DELETE_WHY",
   "The device is signed out at once. Encrypted messages that are only on it, and that no other "
   "device or backup of yours can read, are lost. This cannot be undone.",
   "Das Gerät wird sofort abgemeldet. Verschlüsselte Nachrichten, die nur auf ihm sind und die "
   "kein anderes Gerät und keine Sicherung von dir lesen kann, gehen verloren. Das lässt sich "
   "nicht rückgängig machen."},
  {"DEVICE_DELETE_LINK_WARNING",
   "If you came here by a link that you did not ask for, cancel.",
   "Wenn du durch einen Link hierher gekommen bist, den du nicht wolltest, brich ab."},
  {"DEVICE_DELETE_DO", "Delete the device", "Gerät löschen"},
  {"DEVICE_MISSING", "There is no such device", "Dieses Gerät gibt es nicht"},
  {"DEVICE_MISSING_WHY",
   "None of your devices has this ID. Perhaps it is signed out already, or belongs to another "
   "account.",
   "Keines deiner Geräte hat diese ID. Vielleicht ist es schon abgemeldet oder gehört zu einem "
   "anderen Konto."},
  {"TO_DEVICES", "To your devices", "Zu deinen Geräten"},
  {"NOTICE_DEVICE_DELETED", "The device is signed out and deleted.",
   "Das Gerät ist abgemeldet und gelöscht."},

  // Everything.
  {"EVERYTHING", "Sign out everywhere", "Überall abmelden"},
  {"EVERYTHING_TITLE", "Sign out everywhere?", "Überall abmelden?"},
  {"EVERYTHING_WHY",
   "All your devices are signed out and deleted, and so are all browsers but this one. Encrypted "
   "messages of which you have no backup are lost: make sure that you have your recovery key. "
   "This cannot be undone.",
   "Alle deine Geräte werden abgemeldet und gelöscht, ebenso alle Browser außer diesem. "
   "Verschlüsselte Nachrichten ohne Sicherung gehen verloren: Stelle sicher, dass du deinen "
   "Wiederherstellungsschlüssel hast. Das lässt sich nicht rückgängig machen."},
  {"EVERYTHING_DO", "Sign out everywhere", "Überall abmelden"},
  {"EVERYTHING_COUNT", "Devices", "Geräte"},

  // The password.
  {"CHANGE_PASSWORD", "Change password", "Passwort ändern"},
  {"LOGOUT_DEVICES", "Also sign out my devices", "Auch meine Geräte abmelden"},
  {"LOGOUT_OTHER_DEVICES", "Also sign out my other devices", "Auch meine anderen Geräte abmelden"},
  {"LOGOUT_KEEPS", "Still signed in afterwards is what this browser has let in: {}.",
   "Danach noch angemeldet ist, was dieser Browser angemeldet hat: {}."},
  {"LOGOUT_DEVICES_WHY",
   "Good when somebody may know your old password. Encrypted messages of which you have no backup "
   "are lost then. Other browsers are signed out of these pages in any case.",
   "Gut, wenn jemand dein altes Passwort kennen könnte. Verschlüsselte Nachrichten ohne Sicherung "
   "gehen dann verloren. Andere Browser werden von diesen Seiten in jedem Fall abgemeldet."},
  {"NO_PASSWORD", "Your account has no password", "Dein Konto hat kein Passwort"},
  {"NO_PASSWORD_WHY", "You sign in by other means, so there is nothing to change here.",
   "Du meldest dich auf anderem Weg an, hier gibt es also nichts zu ändern."},
  {"RECOVER", "Choose a new password", "Neues Passwort wählen"},
  {"RECOVER_WHY", "For the account {}.", "Für das Konto {}."},
  {"RECOVER_GONE", "This link is no longer good", "Dieser Link gilt nicht mehr"},
  {"RECOVER_GONE_WHY",
   "It was used already, replaced by a newer one, or is too old. Ask the people who run this "
   "server for a new one.",
   "Er wurde schon benutzt, durch einen neueren ersetzt oder ist zu alt. Bitte die Leute, die "
   "diesen Server betreiben, um einen neuen."},

  // The end of the account.
  {"DEACTIVATE", "Deactivate account", "Konto stilllegen"},
  {"DEACTIVATE_TITLE", "Deactivate this account?", "Dieses Konto stilllegen?"},
  {"DEACTIVATE_WHY",
   "You are signed out everywhere, and can no longer read your messages. Nobody can ever sign in to "
   "this account again, and its name is never given to anybody. This cannot be undone.",
   "Du wirst überall abgemeldet und kannst deine Nachrichten nicht mehr lesen. Niemand kann sich je "
   "wieder mit diesem Konto anmelden, und sein Name wird nie wieder vergeben. Das lässt sich nicht "
   "rückgängig machen."},
  {"ERASE", "Also ask that my messages be hidden from people who join later",
   "Auch verlangen, dass meine Nachrichten vor später Hinzukommenden verborgen werden"},
  {"TYPE_ID", "Type {} to confirm", "Gib zur Bestätigung {} ein"},
  {"DEACTIVATE_DO", "Deactivate my account for good", "Mein Konto für immer stilllegen"},
  {"DEACTIVATED", "Your account is deactivated", "Dein Konto ist stillgelegt"},
  {"DEACTIVATED_WHY", "You are signed out everywhere. You can close this page.",
   "Du bist überall abgemeldet. Du kannst diese Seite schließen."},

  // What there is not yet.
  {"CROSS_SIGNING", "Reset your encryption identity", "Verschlüsselungsidentität zurücksetzen"},
  {"CROSS_SIGNING_WHY",
   "This server has no homeserver behind it that could do this, so it is not available here yet. "
   "Nothing was changed. If one of your devices is still verified, verify the others from there.",
   "Hinter diesem Server steht noch kein Homeserver, der das könnte, deshalb gibt es das hier noch "
   "nicht. Es wurde nichts geändert. Wenn eines deiner Geräte noch verifiziert ist, verifiziere "
   "die anderen von dort."},
};
// clang-format on

bool speaks(std::string_view tag, std::string_view language) {
  return http::same_name(tag.substr(0, tag.find('-')), language);
}

}  // namespace

std::string_view code(Language language) { return language == Language::german ? "de" : "en"; }

Language language_of(std::string_view accept_language) {
  for (const std::string_view range : latchkey::text::accepted_languages(accept_language)) {
    if (speaks(range, "de")) return Language::german;
    if (speaks(range, "en")) return Language::english;
  }
  return Language::english;
}

Language language_of(const http::Request& request) {
  return language_of(request.header("Accept-Language"));
}

std::span<const Text> texts() { return kTexts; }

std::string_view text(Language language, std::string_view key) {
  const auto* found = std::ranges::find(kTexts, key, &Text::key);
  if (found == std::end(kTexts)) throw std::logic_error("no text " + std::string(key));
  return language == Language::german ? found->german : found->english;
}

void put_texts(html::Values& values, Language language) {
  for (const Text& entry : kTexts) {
    values.set(entry.key, language == Language::german ? entry.german : entry.english);
  }
}

}  // namespace latchkey::pages
