/**
 * The German of all that the engine says: see messages.ts. The page loads it when it speaks German; workers never do. Parts of sentences are
 * worded so that they fit where they stand: behind a colon, or in a list.
 */
export const GERMAN = {
  "{lines}": "{lines}",
  "{file}: {problem}": "{file}: {problem}",
  "{file}, {entry}: {problem}": "{file}, {entry}: {problem}",
  "{file}, tensor {tensor}: {problem}": "{file}, Tensor {tensor}: {problem}",

  // The engine itself
  "Stopped.": "Angehalten.",
  "Something went wrong. Try again.": "Etwas ist schiefgegangen. Versuchen Sie es noch einmal.",
  "Something went wrong inside the engine. Try again.":
    "Im Rechenteil ist etwas schiefgegangen. Versuchen Sie es noch einmal.",
  "The engine stopped unexpectedly. Try again; nothing was lost.":
    "Der Rechenteil hat unerwartet aufgehört. Versuchen Sie es noch einmal; nichts ist verloren.",
  "The engine was ended by the browser, perhaps for lack of memory. Try again; nothing was lost.":
    "Der Browser hat den Rechenteil beendet, vielleicht aus Speichermangel. Versuchen Sie es noch einmal; nichts ist verloren.",
  "A message from the engine could not be read. Try again.":
    "Eine Nachricht des Rechenteils war nicht zu lesen. Versuchen Sie es noch einmal.",
  "This engine was disposed of. Create a new one.":
    "Dieser Rechenteil wurde schon aufgelöst. Legen Sie einen neuen an.",
  "No model is loaded. Load one first.": "Es ist kein Modell geladen. Laden Sie zuerst eines.",
  'There is no stored model "{source}". Load it by its address.':
    "Ein Modell „{source}“ ist nicht gespeichert. Laden Sie es von seiner Adresse.",
  "This model is not stored any more.": "Dieses Modell ist nicht mehr gespeichert.",
  "The model is not here. Press the button that fetches it.":
    "Das Modell ist nicht da. Drücken Sie den Knopf, der es holt.",
  "The picture is gone.": "Das Bild ist nicht mehr da.",

  // The graphics device
  "Browsers give WebGPU to secure pages only. Open this page over https, or at localhost.":
    "Browser geben WebGPU nur sicheren Seiten. Öffnen Sie diese Seite über https oder unter localhost.",
  "Your browser has no WebGPU: use Chrome or Edge 113 or later, or Safari 26 or later, with hardware acceleration switched on.":
    "Ihr Browser hat kein WebGPU: Nehmen Sie Chrome oder Edge ab Version 113 oder Safari ab Version 26, mit eingeschalteter Hardwarebeschleunigung.",
  "The browser found no graphics device for WebGPU. Update the graphics driver, or switch hardware acceleration on in the browser's settings.":
    "Der Browser findet keine Grafikeinheit für WebGPU. Erneuern Sie den Grafiktreiber, oder schalten Sie in den Einstellungen des Browsers die Hardwarebeschleunigung ein.",
  "The graphics device refused to start. Reload the page.":
    "Die Grafikeinheit ließ sich nicht starten. Laden Sie die Seite neu.",
  "The graphics device is gone. Reload the page.": "Die Grafikeinheit ist nicht mehr da. Laden Sie die Seite neu.",
  "The graphics device stopped answering. Try again.":
    "Die Grafikeinheit antwortet nicht mehr. Versuchen Sie es noch einmal.",
  "The graphics device stopped working. Generate again: the engine starts afresh on a new device.":
    "Die Grafikeinheit hat aufgehört zu arbeiten. Zeichnen Sie noch einmal: Der Rechenteil beginnt auf einer neuen von vorn.",
  "The graphics device has not answered for {seconds} seconds. Generate again: the engine starts afresh.":
    "Die Grafikeinheit hat seit {seconds} Sekunden nicht geantwortet. Zeichnen Sie noch einmal: Der Rechenteil beginnt von vorn.",
  "The graphics device has too little memory for this model. Close other tabs or choose a smaller picture, then generate again.":
    "Der Grafikspeicher reicht für dieses Modell nicht. Schließen Sie andere Tabs oder wählen Sie ein kleineres Bild, dann zeichnen Sie noch einmal.",
  "This takes a buffer of {needed} MB, and this graphics device allows {limit} MB. Choose a smaller picture.":
    "Dafür braucht es einen Puffer von {needed} MB, und diese Grafikeinheit erlaubt {limit} MB. Wählen Sie ein kleineres Bild.",
  "This device cannot hold {label} ({megabytes} MiB). Choose a smaller picture.":
    "Diese Grafikeinheit hat keinen Platz für {label} ({megabytes} MiB). Wählen Sie ein kleineres Bild.",
  "This graphics device cannot compute in fp16. Use fp32.":
    "Diese Grafikeinheit kann nicht mit fp16 rechnen. Nehmen Sie fp32.",
  "This device cannot compute in fp16. Use fp32.": "Dieses Gerät kann nicht mit fp16 rechnen. Nehmen Sie fp32.",
  "The graphics driver could not compile the scheduler's kernel.":
    "Der Grafiktreiber konnte das Programm des Verfahrens nicht übersetzen.",
  "{name} holds numbers too large for fp16. Use this model in fp32.":
    "{name} enthält Zahlen, die für fp16 zu groß sind. Verwenden Sie dieses Modell mit fp32.",
  "Something went wrong while {action}. Reload the page and try again.":
    "Etwas ist {action} schiefgegangen. Laden Sie die Seite neu und versuchen Sie es noch einmal.",
  "reading the prompt": "beim Lesen des Satzes",
  "reading the condition": "beim Lesen der Bedingung",
  "running the U-Net": "beim Rechnen des U-Nets",
  "decoding the picture": "beim Entwickeln des Bildes",
  "building {name}": "beim Einrichten von {name}",
  "Guidance was asked for without its unconditional branch.": "Führung wurde verlangt, doch ihr leerer Satz fehlt.",

  // What was asked for
  "The prompt is empty. Write a few words.": "Der Satz ist leer. Schreiben Sie ein paar Wörter.",
  "The prompt is empty. Write a few words or put a picture in.":
    "Der Satz ist leer. Schreiben Sie ein paar Wörter, oder setzen Sie ein Bild ein.",
  "The sentence is empty.": "Der Satz ist leer.",
  "This model reads words alone. Take the pictures out, or choose a Kosmos-G model.":
    "Dieses Modell liest nur Wörter. Nehmen Sie die Bilder heraus, oder wählen Sie ein Kosmos-G-Modell.",
  "This text is {length} characters long; at most {most} are read. Shorten it.":
    "Dieser Text hat {length} Zeichen; gelesen werden höchstens {most}. Kürzen Sie ihn.",
  "The prompt has {tokens} tokens; this model reads {length}. Shorten it.":
    "Der Satz hat {tokens} Token; dieses Modell liest {length}. Kürzen Sie ihn.",
  "The prompt is {length} tokens long; this model reads at most {most}. Shorten the text or take a picture out.":
    "Der Satz ist {length} Token lang; dieses Modell liest höchstens {most}. Kürzen Sie den Text, oder nehmen Sie ein Bild heraus.",
  "The prompt holds {pictures} pictures; this model takes at most {most}. Take out {surplus}.":
    "Im Satz stehen {pictures} Bilder; dieses Modell nimmt höchstens {most}. Nehmen Sie {surplus} heraus.",
  "The prompt has {markers} {marker} for {pictures} pictures. Write one {marker2} for each picture.":
    "Im Satz steht {markers}-mal {marker} für {pictures} Bilder. Schreiben Sie für jedes Bild ein {marker2}.",
  "A picture of this sentence is not on this machine any more. Remove its chip or put another in.":
    "Ein Bild dieses Satzes ist nicht mehr auf diesem Gerät. Nehmen Sie es heraus, oder setzen Sie ein anderes ein.",
  "The strength of a picture lies between 0 and {most}.": "Die Stärke eines Bildes liegt zwischen 0 und {most}.",
  "The seed is a whole number from 0 to 4294967295.": "Der Startwert ist eine ganze Zahl von 0 bis 4294967295.",
  "The seed {seed} is no whole number from 0 to 2^64 - 1. Choose another seed.":
    "Der Startwert {seed} ist keine ganze Zahl von 0 bis 2^64 - 1. Wählen Sie einen anderen.",
  "Steps are a whole number from 1 to 250.": "Die Zahl der Schritte ist eine ganze Zahl von 1 bis 250.",
  "Steps must be a whole number from 1 to {most}, not {steps}.":
    "Die Zahl der Schritte muss eine ganze Zahl von 1 bis {most} sein, nicht {steps}.",
  "{steps} steps would start at timestep {first}, and this model knows those up to {last}. Take fewer steps.":
    "{steps} Schritte begännen bei Zeitschritt {first}, und dieses Modell kennt die bis {last}. Nehmen Sie weniger Schritte.",
  "The guidance scale lies between 1 and 30.": "Die Führung liegt zwischen 1 und 30.",
  "Eta lies between 0 and 1.": "Eta liegt zwischen 0 und 1.",
  "Eta must lie between 0 and 1, not at {eta}.": "Eta muss zwischen 0 und 1 liegen, nicht bei {eta}.",
  'There is no scheduler "{kind}".': "Ein Verfahren „{kind}“ gibt es nicht.",
  "The {name} is a multiple of {grid} up to 2048.": "Die {name} ist ein Vielfaches von {grid}, höchstens 2048.",
  width: "Breite",
  height: "Höhe",
  "Width and height must be multiples of {factor} for this model.":
    "Breite und Höhe müssen bei diesem Modell Vielfache von {factor} sein.",
  "A random tensor cannot have the shape [{shape}].": "Ein Zufallstensor kann nicht die Form [{shape}] haben.",
  "Cannot draw whole numbers from {low} up to {high}.": "Ganze Zahlen von {low} bis {high} lassen sich nicht auslosen.",
  "{seeds} seeds were given for {batch} pictures.": "{seeds} Startwerte wurden für {batch} Bilder angegeben.",

  // Pictures
  "This file is empty.": "Diese Datei ist leer.",
  "This file could not be opened. Choose it again.": "Diese Datei ließ sich nicht öffnen. Wählen Sie sie noch einmal.",
  "This file is not a picture that the browser can read. Use PNG, JPEG, WebP, GIF or AVIF.":
    "Diese Datei ist kein Bild, das der Browser lesen kann. Nehmen Sie PNG, JPEG, WebP, GIF oder AVIF.",
  "This file has {size} MB; pictures of up to {most} MB are read.":
    "Diese Datei hat {size} MB; gelesen werden Bilder bis {most} MB.",
  "This picture has {megapixels} megapixels; up to 100 are read. Make it smaller first.":
    "Dieses Bild hat {megapixels} Megapixel; gelesen werden bis zu 100. Verkleinern Sie es zuerst.",
  "This drawing has {size} MB; save it as PNG first.":
    "Diese Zeichnung hat {size} MB; speichern Sie sie zuerst als PNG.",
  "This SVG drawing could not be read. Save it as PNG first.":
    "Diese SVG-Zeichnung war nicht zu lesen. Speichern Sie sie zuerst als PNG.",
  "This is a HEIC photo, which this browser cannot read: Safari reads HEIC; save it as JPEG elsewhere.":
    "Das ist ein HEIC-Foto, das dieser Browser nicht lesen kann: Safari liest HEIC; sonst speichern Sie es als JPEG.",
  "This {name} file says that it has no pixels. It is damaged.":
    "Diese {name}-Datei hat nach eigener Angabe keine Pixel. Sie ist beschädigt.",
  "This {name} file is damaged or cut off, or this browser cannot read its kind. Save it again and try anew.":
    "Diese {name}-Datei ist beschädigt oder abgeschnitten, oder dieser Browser kann ihre Art nicht lesen. Speichern Sie sie neu und versuchen Sie es noch einmal.",
  "The browser gave no canvas to read the picture with. Close other tabs and try again.":
    "Der Browser gibt keine Zeichenfläche her, um das Bild zu lesen. Schließen Sie andere Tabs und versuchen Sie es noch einmal.",
  "A picture of {width} x {height} has no pixels. Choose another one.":
    "Ein Bild von {width} x {height} hat keine Pixel. Wählen Sie ein anderes.",
  "The picture is {width} x {height}; at most {most} pixels a side are read. Make it smaller.":
    "Das Bild hat {width} x {height} Pixel; gelesen werden höchstens {most} je Seite. Verkleinern Sie es.",
  "The picture is {width} x {height} but has {bytes} bytes instead of {expected}. Load it again.":
    "Das Bild hat {width} x {height} Pixel, aber {bytes} Byte statt {expected}. Laden Sie es noch einmal.",
  "No photo is open. Choose it again.": "Es ist kein Foto offen. Wählen Sie es noch einmal.",
  "The model for this tool is not here yet. Get it first.":
    "Das Modell für dieses Werkzeug ist noch nicht da. Holen Sie es zuerst.",
  "{name} could not be run on this photo. Cut it out with another tool.":
    "{name} kam mit diesem Foto nicht zurecht. Stellen Sie mit einem anderen Werkzeug frei.",

  // Fetching
  "There is no network. Connect and load the model again; what has arrived is kept.":
    "Keine Verbindung. Verbinden Sie sich und laden Sie das Modell noch einmal; was angekommen ist, bleibt.",
  "{file} could not be fetched: the connection failed. Load the model again; what has arrived is kept.":
    "{file} ließ sich nicht holen: Die Verbindung ist abgebrochen. Laden Sie das Modell noch einmal; was angekommen ist, bleibt.",
  "{file} could not be fetched: the connection failed, or that server does not let other sites read it (CORS). Load the model again; what has arrived is kept.":
    "{file} ließ sich nicht holen: Die Verbindung ist abgebrochen, oder der Server lässt andere Seiten nicht mitlesen (CORS). Laden Sie das Modell noch einmal; was angekommen ist, bleibt.",
  "{file}: the server answered {status}. Load the model again in a while; what has arrived is kept.":
    "{file}: Der Server antwortete mit {status}. Laden Sie das Modell nach einer Weile noch einmal; was angekommen ist, bleibt.",
  "{file}: the server answered {status}. Check the address of the model.":
    "{file}: Der Server antwortete mit {status}. Prüfen Sie die Adresse des Modells.",
  "{file} is larger than {maxBytes} bytes": "{file} ist größer als {maxBytes} Byte",
  "{name} was cut off by the server or the network. Load the model again; what has arrived is kept.":
    "{name} wurde vom Server oder vom Netz abgeschnitten. Laden Sie das Modell noch einmal; was angekommen ist, bleibt.",
  "{url} was cut off. Try it again.": "{url} wurde abgeschnitten. Versuchen Sie es noch einmal.",
  "{name}: the server stopped to serve ranges": "{name}: Der Server gibt keine Teile der Datei mehr heraus",
  "{name}: the server sent another part than was asked for":
    "{name}: Der Server schickte einen anderen Teil als verlangt",
  "{name} changed on the server": "{name} hat sich auf dem Server geändert",
  "{file} {problem}. Load the model again: only the wrong part is fetched anew; if it stays wrong, its publisher has to mend it.":
    "{file} {problem}. Laden Sie das Modell noch einmal: Nur der falsche Teil wird neu geholt; bleibt er falsch, muss ihn der Herausgeber in Ordnung bringen.",
  "is not the file that was described": "ist nicht die Datei, die beschrieben war",
  "is shorter on the server than was said": "ist auf dem Server kürzer als angegeben",
  "is longer on the server than was said": "ist auf dem Server länger als angegeben",
  "has another size on the server than was said": "hat auf dem Server eine andere Größe als angegeben",
  "keeps changing on the server": "ändert sich auf dem Server immer wieder",
  "Models can be checked only on a secure page: open it by https or on localhost.":
    "Modelle lassen sich nur auf einer sicheren Seite prüfen: Öffnen Sie sie über https oder unter localhost.",
  "Stopped. What has arrived is kept.": "Angehalten. Was angekommen ist, bleibt.",
  "Stopped. Nothing was fetched.": "Angehalten. Nichts wurde geholt.",
  "Stopped. Nothing of this model was kept.": "Angehalten. Von diesem Modell wurde nichts behalten.",
  "The files were deleted while they were fetched. Import them again.":
    "Die Dateien wurden gelöscht, während sie geholt wurden. Importieren Sie sie noch einmal.",
  "{url}: that server does not say how large the file is. Download it and choose it as a file.":
    "{url}: Der Server sagt nicht, wie groß die Datei ist. Laden Sie sie herunter und wählen Sie sie als Datei.",
  "“{url}” is not the address of a file (https://…)": "„{url}“ ist keine Adresse einer Datei (https://…)",
  "“{url}” is not the address of a model (https://…)": "„{url}“ ist keine Adresse eines Modells (https://…)",
  "{url} is not JSON. Is this the address of a model?": "{url} ist kein JSON. Ist das die Adresse eines Modells?",
  "The app's tokenizer could not be fetched. Check the connection, then import again.":
    "Der Tokenizer der App ließ sich nicht holen. Prüfen Sie die Verbindung und importieren Sie noch einmal.",

  // The store
  "The browser has lost parts of the model “{name}”. Load it again; only what is missing is fetched.":
    "Der Browser hat Teile des Modells „{name}“ verloren. Laden Sie es noch einmal; nur was fehlt, wird geholt.",
  "The browser no longer has all of {file}. Load the model again; the missing parts are fetched.":
    "Der Browser hat {file} nicht mehr ganz. Laden Sie das Modell noch einmal; was fehlt, wird geholt.",
  "The browser has lost {name} of the model that lends it. Load that one again.":
    "Der Browser hat {name} des Modells verloren, das sie leiht. Laden Sie jenes noch einmal.",
  "The browser's storage could not be read. Load the model again.":
    "Der Speicher des Browsers war nicht zu lesen. Laden Sie das Modell noch einmal.",
  "The browser's storage failed. Load the model again; if that does not help, clear this site's data.":
    "Der Speicher des Browsers versagte. Laden Sie das Modell noch einmal; hilft das nicht, löschen Sie die Daten dieser Seite.",
  "There is no room left for this model in the browser's storage. Delete a model or free disk space, then load it again; what has arrived is kept.":
    "Im Speicher des Browsers ist für dieses Modell kein Platz mehr. Löschen Sie ein Modell oder schaffen Sie Platz auf der Platte, dann laden Sie es noch einmal; was angekommen ist, bleibt.",
  "This model needs {needed} GB, the browser has room for {free} GB. Delete a model or free disk space first.":
    "Dieses Modell braucht {needed} GB, der Browser hat Platz für {free} GB. Löschen Sie zuerst ein Modell oder schaffen Sie Platz auf der Platte.",
  "Another model with the id {id} is stored, from {source}. Delete that one first, or give this one its own id.":
    "Unter der Kennung {id} ist schon ein anderes Modell gespeichert, von {source}. Löschen Sie zuerst jenes, oder geben Sie diesem eine eigene.",
  "There is no model {id} in this browser.": "Ein Modell {id} gibt es in diesem Browser nicht.",
  "The model was deleted while it was loaded. Load it again.":
    "Das Modell wurde gelöscht, während es geladen wurde. Laden Sie es noch einmal.",
  "The model was deleted while it was imported. Import it again.":
    "Das Modell wurde gelöscht, während es importiert wurde. Importieren Sie es noch einmal.",

  // A model that does not go together
  "{layer}: {problem}": "{layer}: {problem}",
  "{layer}: {technical}": "{layer}: Das Netz lässt sich so nicht aufbauen ({technical})",
  "tensor {name} has shape [{shape}], the configuration asks for [{expected}]":
    "Tensor {name} hat die Form [{shape}], die Konfiguration verlangt [{expected}]",
  "tensor {name} has {rows} rows, {needed} are needed": "Tensor {name} hat {rows} Zeilen, gebraucht werden {needed}",
  "the checkpoint has no tensor {name}": "Der Checkpoint hat keinen Tensor {name}",
  "The model has no tensor {name}.": "Das Modell hat keinen Tensor {name}.",
  "Tensor {name} has shape [{shape}], the configuration asks for [{rows}, {width}].":
    "Tensor {name} hat die Form [{shape}], die Konfiguration verlangt [{rows}, {width}].",
  "The condition has shape [{rows}, {dim}], this model's U-Net reads [{expectedRows}, {expectedDim}].":
    "Die Bedingung hat die Form [{rows}, {dim}], das U-Net dieses Modells liest [{expectedRows}, {expectedDim}].",
  "The tokenizer has {pieces} pieces, the model's table only {rows} rows.":
    "Der Tokenizer hat {pieces} Wortstücke, die Tabelle des Modells nur {rows} Zeilen.",
  "The tokenizer has {pieces} pieces, the model's table {rows} rows.":
    "Der Tokenizer hat {pieces} Wortstücke, die Tabelle des Modells {rows} Zeilen.",
  "The model lacks its file {name}. Load it again.": "Dem Modell fehlt seine Datei {name}. Laden Sie es noch einmal.",
  "{file} is not a safetensors file of this model": "{file} ist keine safetensors-Datei dieses Modells",
  "Tensor {name} is in {first} and in {file}": "Tensor {name} steht in {first} und in {file}",
  "A table of rows was expected in {file}, not [{shape}]":
    "In {file} wurde eine Tabelle mit Zeilen erwartet, nicht [{shape}]",
  "The table [{shape}] in {file} has no row {id}": "Die Tabelle [{shape}] in {file} hat keine Zeile {id}",
  "{file}: unknown dtype {dtype}": "{file}: unbekannter Zahlentyp {dtype}",
  "{file}: a tensor of {dtype} where floating point numbers are needed":
    "{file}: ein Tensor aus {dtype}, wo Gleitkommazahlen gebraucht werden",
  "{where}: {field}: {problem}": "{where}: Mit {field} stimmt etwas nicht: {problem}",
  "{size} bytes are too many": "{size} Byte sind zu viele",
  "{hashes} hashes, a file of {size} bytes has {expected} chunks":
    "{hashes} Prüfsummen, eine Datei von {size} Byte hat {expected} Teile",
  "{file} is not listed in files": "{file} steht nicht unter „files“",
  "model.json contradicts itself: the chunks of {name} together have another SHA-256 than the file":
    "model.json widerspricht sich: Die Teile von {name} haben zusammen eine andere SHA-256 als die Datei",
  "The bundle's scheduler has num_train_timesteps {length}; 1000 is usual.":
    "Das Verfahren des Modells hat num_train_timesteps {length}; üblich ist 1000.",
  "The bundle's scheduler has betas from {start} to {end}; they must rise between 0 and 1.":
    "Das Verfahren des Modells hat Betas von {start} bis {end}; sie müssen zwischen 0 und 1 steigen.",
  "The bundle's scheduler has betas up to {end} over {length} timesteps: nothing of the picture is left at the last one.":
    "Das Verfahren des Modells hat Betas bis {end} über {length} Zeitschritte: Beim letzten ist vom Bild nichts übrig.",
  "The bundle's scheduler has steps_offset {offset}; it must be a whole number, usually 1.":
    "Das Verfahren des Modells hat steps_offset {offset}; das muss eine ganze Zahl sein, üblich ist 1.",
  "The bundle's scheduler asks for PNDM with Runge-Kutta steps; only skip_prk_steps is known.":
    "Das Verfahren des Modells verlangt PNDM mit Runge-Kutta-Schritten; bekannt ist nur skip_prk_steps.",
  "The list of CLIP's merges is broken: a line is not a pair of pieces.":
    "Die Liste von CLIPs Verschmelzungen ist beschädigt: Eine Zeile ist kein Paar von Wortstücken.",
  "The SentencePiece model's normalisation rules are broken. Fetch the model again.":
    "Die Normalisierungsregeln des SentencePiece-Modells sind beschädigt. Holen Sie das Modell noch einmal.",
  "The SentencePiece model {problem}. Fetch the model again.":
    "Das SentencePiece-Modell {problem}. Holen Sie das Modell noch einmal.",
  "is of type {type}; only UNIGRAM is read": "ist vom Typ {type}; gelesen wird nur UNIGRAM",
  "uses byte_fallback, which is not read": "benutzt byte_fallback, das hier nicht gelesen wird",
  "uses treat_whitespace_as_suffix, which is not read":
    "benutzt treat_whitespace_as_suffix, das hier nicht gelesen wird",
  "has escape_whitespaces off, which is not read": "schaltet escape_whitespaces aus, was hier nicht gelesen wird",
  "has an empty piece at index {index}": "hat an Stelle {index} ein leeres Wortstück",
  'has the piece "{piece}" twice': "hat das Wortstück „{piece}“ zweimal",
  'has the user-defined symbol "{piece}", which is not read':
    "hat das selbst bestimmte Zeichen „{piece}“, das hier nicht gelesen wird",
  'has no finite score for the piece "{piece}"': "hat für das Wortstück „{piece}“ keine endliche Wertung",
  "has {unknowns} pieces of type UNKNOWN instead of one": "hat {unknowns} Wortstücke vom Typ UNKNOWN statt eines",
  "has no pieces": "hat keine Wortstücke",
  "cannot be read: it is cut off or no SentencePiece file":
    "ist nicht zu lesen: Es ist abgeschnitten oder keine SentencePiece-Datei",
  "The model's dictionary {problem}. Fetch the model again.":
    "Das Wörterbuch des Modells {problem}. Holen Sie das Modell noch einmal.",
  "is empty": "ist leer",
  'has no "<piece> <count>" on line {line}': "hat in Zeile {line} kein „<Wortstück> <Anzahl>“",
  'has "{piece}" a second time on line {line}': "hat in Zeile {line} zum zweiten Mal „{piece}“",
  "is not UTF-8 text": "ist kein Text in UTF-8",

  // What chosen files hold
  "The {network} of this model gives no numbers, not even in float32. Try another seed or less guidance; if that does not help, its file is damaged: import or load it anew.":
    "Dieses Modell rechnet sich aus dem Bereich der Zahlen, auch in float32 ({network}). Versuchen Sie einen anderen Startwert oder weniger Führung; hilft das nicht, ist seine Datei beschädigt: Importieren oder laden Sie es neu.",
  "U-Net": "U-Net",
  VAE: "VAE",
  "small autoencoder (TAESD)": "kleiner Autoencoder (TAESD)",
  "CLIP text encoder": "CLIP-Textencoder",
  "CLIP vision transformer": "CLIP-Bildtransformer",
  resampler: "Resampler",
  GPT: "GPT",
  AlignerNet: "AlignerNet",
  "a U-Net": "ein U-Net",
  "a VAE": "ein VAE",
  "a small autoencoder (TAESD)": "ein kleiner Autoencoder (TAESD)",
  "a CLIP text encoder": "ein CLIP-Textencoder",
  "a CLIP vision transformer": "ein CLIP-Bildtransformer",
  "a resampler": "ein Resampler",
  "a GPT": "ein GPT",
  "an AlignerNet": "ein AlignerNet",
  "vision transformer": "Bildtransformer",
  "text encoder": "Textencoder",
  autoencoder: "Autoencoder",
  "tiny autoencoder": "kleiner Autoencoder",
  "nothing that is known here": "nichts, was hier bekannt ist",
  "{parts} and {last}": "{parts} und {last}",
  "{component} alone": "nur {component}",
  "part of {component}": "{component}, unvollständig",
  "{component}: {tensors} missing: {names}": "{component}: Es fehlen {tensors}: {names}",
  "{component}: {tensors} of another shape: {names}": "{component}: {tensors} von anderer Form: {names}",
  "{component}: {tensors} of no known use: {names}": "{component}: {tensors} ohne bekannten Zweck: {names}",
  "1 tensor": "1 Tensor",
  "{tensors} tensors": "{tensors} Tensoren",
  "{name} [{found}], it should be [{expected}]": "{name} [{found}], es sollte [{expected}] sein",
  "{names}; and {rest} more": "{names}; und {rest} weitere",
  "{component}: {field}: {problem}": "{component}: Mit {field} stimmt etwas nicht: {problem}",
  "It has no tensor {name} of the right rank.": "Es fehlt ein Tensor {name} mit der richtigen Zahl von Dimensionen.",
  "The files hold no {component}.": "In den Dateien fehlt: {component}.",
  "The files hold nothing that reads a prompt: neither Kosmos-G's MLLM and AlignerNet nor CLIP's text encoder.":
    "In den Dateien ist nichts, was einen Satz liest: weder MLLM und AlignerNet von Kosmos-G noch der Textencoder von CLIP.",
  "None of the files is of use: the other model has all of it.":
    "Keine der Dateien wird gebraucht: Das andere Modell hat schon alles.",
  "The {from} gives {gives} channels, the {to} takes {takes}: they do not go together.":
    "{from} gibt {gives} Kanäle, {to} nimmt {takes}: Das passt nicht zusammen.",
  "{file}: its {component} is left alone for that of {other}":
    "{file}: {component} wird nicht von hier genommen, sondern aus {other}",
  "{file}: {what}: {reason}": "{file}: {what}: {reason}",
  "{file}: {count} tensors of no known use, such as {name}":
    "{file}: {count} Tensoren ohne bekannten Zweck, zum Beispiel {name}",
  "Kosmos-G needs Stable Diffusion 1.5.": "Kosmos-G braucht Stable Diffusion 1.5.",
  "a LoRA": "ein LoRA",
  "It changes a model and is none by itself.": "Es verändert ein Modell und ist selbst keines.",
  "a ControlNet": "ein ControlNet",
  "an IP-Adapter": "ein IP-Adapter",
  "It guides a model and is none by itself.": "Es lenkt ein Modell und ist selbst keines.",
  "a textual inversion": "eine Textual Inversion",
  "It adds a word to CLIP's vocabulary, which Kosmos-G does not read.":
    "Sie fügt dem Wortschatz von CLIP ein Wort hinzu, und den liest Kosmos-G nicht.",
  "Stable Diffusion XL": "Stable Diffusion XL",
  "Stable Diffusion 3, Flux or another diffusion transformer":
    "Stable Diffusion 3, Flux oder ein anderer Diffusionstransformer",
  "the text encoder of Stable Diffusion 2": "der Textencoder von Stable Diffusion 2",
  "a text encoder of Stable Diffusion XL": "ein Textencoder von Stable Diffusion XL",
  "the U-Net of Stable Diffusion 2": "das U-Net von Stable Diffusion 2",
  "the U-Net of Stable Diffusion XL": "das U-Net von Stable Diffusion XL",
  "the U-Net of Stable Diffusion XL's refiner": "das U-Net des Refiners von Stable Diffusion XL",
  "a U-Net for changing pictures by instruction (InstructPix2Pix)":
    "ein U-Net, das Bilder auf Anweisung verändert (InstructPix2Pix)",
  "a U-Net for inpainting": "ein U-Net zum Ausbessern von Bildern (Inpainting)",
  "It reads conditions {width} wide. {wanted}": "Es liest Bedingungen der Breite {width}. {wanted}",
  "It takes {channels} channels, where the app gives 4.": "Es nimmt {channels} Kanäle, die App gibt 4.",

  // Chosen files
  "None of these files holds weights.": "In keiner dieser Dateien sind Gewichte.",
  "More than {most} files: choose the model's own folder.":
    "Mehr als {most} Dateien: Wählen Sie den Ordner des Modells selbst.",
  "{index} lists {files}: choose all parts together.": "{index} nennt {files}: Wählen Sie alle Teile zusammen.",
  "The index of the model's files: {where}: {problem}":
    "Im Verzeichnis der Dateien des Modells stimmt etwas nicht: {where}: {problem}",
  "{name}: too large for what it is": "{name}: zu groß für das, was es ist",
  "{name}: not JSON": "{name}: kein JSON",
  "{file} can no longer be read. Choose the file again.":
    "{file} ist nicht mehr zu lesen. Wählen Sie die Datei noch einmal.",
  "{file} can no longer be read: it was moved or changed. Choose it again.":
    "{file} ist nicht mehr zu lesen: Die Datei wurde verschoben oder geändert. Wählen Sie sie noch einmal.",
  "A file changed while it was imported. Choose it again when it is complete.":
    "Eine Datei hat sich geändert, während sie importiert wurde. Wählen Sie sie noch einmal, wenn sie fertig ist.",
  "The browser may not read “{name}”. Press again and allow it, or choose the files anew.":
    "Der Browser darf „{name}“ nicht lesen. Drücken Sie noch einmal und erlauben Sie es, oder wählen Sie die Dateien neu.",
  "“{name}” is no longer where it was: moved, renamed or deleted. Put it back, or choose it where it is now.":
    "„{name}“ ist nicht mehr, wo es war: verschoben, umbenannt oder gelöscht. Legen Sie es zurück, oder wählen Sie es, wo es jetzt ist.",
  "“{name}” takes what it lacks from “{lender}”, which is not here any more. Bring that one back first, or fetch the files again and take it from another model.":
    "„{name}“ nimmt, was ihm fehlt, von „{lender}“, das nicht mehr da ist. Holen Sie zuerst dieses zurück, oder holen Sie die Dateien noch einmal und nehmen Sie es von einem anderen Modell.",
  "“{name}” was changed since it was imported. Choose it again to import it as it is now.":
    "„{name}“ wurde seit dem Import geändert. Wählen Sie es noch einmal, um es zu importieren, wie es jetzt ist.",
  "{file}: cut off ({size} bytes, at least {end} are needed); fetch the file again":
    "{file}: abgeschnitten ({size} Byte, mindestens {end} werden gebraucht); holen Sie die Datei noch einmal",
  "{file}: a tensor [{shape}] in another order than its shape's is too large to reorder":
    "{file}: Ein Tensor [{shape}] liegt anders geordnet als seine Form und ist zu groß zum Umordnen",
  "empty; fetch the file again": "leer; holen Sie die Datei noch einmal",
  "begins with nothing but zeros: an unfinished download? Fetch the file again":
    "beginnt mit lauter Nullen: ein unfertiger Download? Holen Sie die Datei noch einmal",
  "neither safetensors nor a checkpoint by torch.save": "weder safetensors noch ein Checkpoint von torch.save",
  "not a checkpoint but {kind}": "kein Checkpoint, sondern {kind}",
  "{format}; unpack it and choose the checkpoint inside":
    "{format}; entpacken Sie es und wählen Sie den Checkpoint darin",
  "{format}; choose the safetensors or torch file of the model":
    "{format}; wählen Sie die safetensors- oder torch-Datei des Modells",
  "GGUF, whose quantised weights are not read here; choose the safetensors or torch file of the model":
    "GGUF, dessen quantisierte Gewichte hier nicht gelesen werden; wählen Sie die safetensors- oder torch-Datei des Modells",
  "a NumPy array; choose the safetensors or torch file of the model":
    "ein NumPy-Array; wählen Sie die safetensors- oder torch-Datei des Modells",
  "tar, or a checkpoint from before PyTorch 0.1.10; unpack it and choose the checkpoint inside, or load and save it with a newer PyTorch":
    "tar oder ein Checkpoint aus der Zeit vor PyTorch 0.1.10; entpacken Sie es und wählen Sie den Checkpoint darin, oder laden und speichern Sie ihn mit einem neueren PyTorch",
  'a git-lfs pointer, which stands for the file and does not hold it; run "git lfs pull" or download it from the site':
    "ein Verweis von git-lfs, der für die Datei steht und sie nicht enthält; rufen Sie „git lfs pull“ auf, oder laden Sie sie von der Seite herunter",
  'a git-annex pointer, which stands for the file and does not hold it; run "git annex get"':
    "ein Verweis von git-annex, der für die Datei steht und sie nicht enthält; rufen Sie „git annex get“ auf",
  "an empty zip archive": "ein leeres Zip-Archiv",
  "a picture ({format})": "ein Bild ({format})",
  "a PDF": "ein PDF",
  "a web page: the address leads to a page about the file, or asks for a login":
    "eine Webseite: Die Adresse führt zu einer Seite über die Datei, oder sie verlangt eine Anmeldung",
  "JSON; an index belongs beside the files that it lists":
    "JSON; ein Verzeichnis gehört neben die Dateien, die es nennt",
  text: "Text",

  // safetensors
  "not a safetensors file ({size} bytes)": "keine safetensors-Datei ({size} Byte)",
  "not a safetensors file (its header would have {headerBytes} bytes)":
    "keine safetensors-Datei (ihr Kopf hätte {headerBytes} Byte)",
  "not a safetensors file (its header is not JSON)": "keine safetensors-Datei (ihr Kopf ist kein JSON)",
  "not a safetensors file (its header is not a JSON object)": "keine safetensors-Datei (ihr Kopf ist kein JSON-Objekt)",
  "cut off inside the header ({size} bytes of at least {dataStart}); fetch the file again":
    "im Kopf abgeschnitten ({size} Byte von mindestens {dataStart}); holen Sie die Datei noch einmal",
  "ends at byte {end}, but the file has {size}: cut off? Fetch the file again":
    "endet bei Byte {end}, doch die Datei hat {size}: abgeschnitten? Holen Sie die Datei noch einmal",
  "the header names this twice": "der Kopf nennt ihn zweimal",
  "__metadata__ is not an object of texts": "__metadata__ ist kein Objekt aus Texten",
  "not a tensor's name": "kein Name eines Tensors",
  "its entry is not an object": "sein Eintrag ist kein Objekt",
  "unknown dtype {dtype}": "unbekannter Zahlentyp {dtype}",
  "its shape is not a list of sizes": "seine Form ist keine Liste von Größen",
  "its data_offsets are not two positions": "seine data_offsets sind keine zwei Stellen",
  "its data_offsets [{begin}, {end}] run backwards": "seine data_offsets [{begin}, {end}] laufen rückwärts",
  "{dtype} of shape [{shape}] has {bytes} bytes, its data_offsets hold {held}":
    "{dtype} der Form [{shape}] hat {bytes} Byte, seine data_offsets fassen {held}",
  "overlaps another tensor": "überlappt einen anderen Tensor",
  "{rest} bytes before it belong to no tensor": "{rest} Byte davor gehören zu keinem Tensor",
  "{rest} bytes at the end belong to no tensor": "{rest} Byte am Ende gehören zu keinem Tensor",

  // Zip archives
  "its end is not that of a zip archive: cut off? Fetch the file again":
    "das Ende ist nicht das eines Zip-Archivs: abgeschnitten? Holen Sie die Datei noch einmal",
  "is one part of a divided archive": "ist einer von mehreren Teilen eines Archivs",
  "runs into what follows it in the archive": "reicht in das hinein, was im Archiv darauf folgt",
  "its zip64 record lies outside the archive": "der zip64-Eintrag liegt außerhalb des Archivs",
  "its zip64 record is not where it should be": "der zip64-Eintrag ist nicht, wo er sein sollte",
  "its directory of {size} bytes at {begin} does not end at {stop}":
    "das Verzeichnis von {size} Byte ab Stelle {begin} endet nicht bei {stop}",
  "{count} entries are more than any checkpoint has": "{count} Einträge sind mehr, als ein Checkpoint hat",
  "a directory of {size} bytes for {count} entries": "ein Verzeichnis von {size} Byte für {count} Einträge",
  "entry {i} of its directory is broken": "Eintrag {i} des Verzeichnisses ist beschädigt",
  "entry {i} of its directory has a name that is no text":
    "Eintrag {i} des Verzeichnisses hat einen Namen, der kein Text ist",
  encrypted: "verschlüsselt",
  "compressed, which torch.save never does; unpack the archive and pack it again without compression":
    "komprimiert, was torch.save nie tut; entpacken Sie das Archiv und packen Sie es ohne Kompression neu",
  "stored, yet {packed} bytes are said to hold {size}": "unkomprimiert, doch {packed} Byte sollen {size} enthalten",
  "is in the archive twice": "ist zweimal im Archiv",
  "{rest} bytes of its directory belong to no entry": "{rest} Byte des Verzeichnisses gehören zu keinem Eintrag",
  "{size} bytes at {header} lie outside the archive": "{size} Byte ab Stelle {header} liegen außerhalb des Archivs",
  "the directory and the file's own header differ": "das Verzeichnis sagt etwas anderes als der Kopf der Datei",
  "{size} bytes by the directory, {ownSize} by the file's own header":
    "{size} Byte laut Verzeichnis, {ownSize} laut Kopf der Datei",
  "no archive has {value} bytes": "kein Archiv hat {value} Byte",

  // torch checkpoints
  "a zip archive, but not one by torch.save (no data.pkl); if it holds a checkpoint, unpack it first":
    "ein Zip-Archiv, aber keines von torch.save (ohne data.pkl); wenn ein Checkpoint darin ist, entpacken Sie es zuerst",
  "a TorchScript program, not a checkpoint; in Python, torch.jit.load it and torch.save its state_dict()":
    "ein TorchScript-Programm, kein Checkpoint; laden Sie es in Python mit torch.jit.load und sichern Sie sein state_dict() mit torch.save",
  "written on a big-endian machine; load and save it on another one":
    "auf einem Big-Endian-Rechner geschrieben; laden und speichern Sie es auf einem anderen",
  "a Python pickle, but not one by torch.save": "ein Pickle von Python, aber keines von torch.save",
  "written by an unknown version of torch.save": "von einer unbekannten Version von torch.save geschrieben",
  "holds a single tensor, not a state dict (a dict of tensors by name)":
    "enthält einen einzelnen Tensor, kein State-Dict (Tensoren nach Namen)",
  "holds an object of {className}, not a state dict; in Python, torch.save its state_dict() instead":
    "enthält ein Objekt von {className}, kein State-Dict; sichern Sie in Python stattdessen sein state_dict() mit torch.save",
  "holds no state dict (a dict of tensors by name)": "enthält kein State-Dict (Tensoren nach Namen)",
  "holds no tensors": "enthält keine Tensoren",
  "holds more tensors than any model": "enthält mehr Tensoren als jedes Modell",
  "holds more than any model": "enthält mehr als jedes Modell",
  "dicts are nested too deeply": "Dicts sind zu tief verschachtelt",
  "is there twice": "ist zweimal da",
  "{rest} bytes follow the pickle in {entry}": "{rest} Byte folgen in {entry} auf das Pickle",
  "{name} has {size} bytes, more than any checkpoint's": "{name} hat {size} Byte, mehr als bei jedem Checkpoint",
  "its storage {key} is not in the file": "sein Speicherblock {key} ist nicht in der Datei",
  "its storage {key} should have {count} elements, but has {size} bytes":
    "sein Speicherblock {key} sollte {count} Elemente haben, hat aber {size} Byte",
  "storage {key} is described in two ways": "Speicherblock {key} ist auf zwei Arten beschrieben",
  "storage {key} ends at byte {at}, but the file has {size}: cut off? Fetch the file again":
    "Speicherblock {key} endet bei Byte {at}, doch die Datei hat {size}: abgeschnitten? Holen Sie die Datei noch einmal",
  "storage {key} has another size than its tensors say":
    "Speicherblock {key} hat eine andere Größe, als seine Tensoren sagen",
  "{rest} bytes at the end belong to no storage": "{rest} Byte am Ende gehören zu keinem Speicherblock",
  "its list of storages is missing": "die Liste der Speicherblöcke fehlt",
  "its list of storages is not that of its tensors": "die Liste der Speicherblöcke passt nicht zu den Tensoren",
  "of {dtype}, which cannot be read": "aus {dtype}, was nicht zu lesen ist",
  "a shape [{shape}] that no file holds": "eine Form [{shape}], die in keine Datei passt",
  "{dtype} of shape [{shape}] does not fit into its storage of {length} bytes":
    "{dtype} der Form [{shape}] passt nicht in seinen Speicherblock von {length} Byte",
  "no tensor": "kein Tensor",
  "a tensor inside too many others": "ein Tensor in zu vielen anderen",
  "a parameter without its tensor": "ein Parameter ohne Tensor",
  "made by {className}, which is no plain tensor (sparse, quantised, or without values)":
    "von {className} gemacht, also kein einfacher Tensor (dünn besetzt, quantisiert oder ohne Werte)",
  "stored as the negative or conjugate of its values": "als Negatives oder Konjugiertes seiner Werte gespeichert",
  "its values are in no storage": "seine Werte liegen in keinem Speicherblock",
  "its place in the storage is no number": "seine Stelle im Speicherblock ist keine Zahl",
  "its strides do not go with its shape": "seine Schrittweiten passen nicht zu seiner Form",
  "a storage without description": "ein Speicherblock ohne Beschreibung",
  "a storage without type": "ein Speicherblock ohne Typ",
  "a storage of unknown type {type}": "ein Speicherblock von unbekanntem Typ {type}",
  "a storage without key": "ein Speicherblock ohne Schlüssel",
  "a storage without size": "ein Speicherblock ohne Größe",
  "a part of a storage without its place": "ein Teil eines Speicherblocks ohne seine Stelle",

  // Pickles
  "{file}: opening it in Python would run {name}. Nothing was run, and nothing of it was read: get the weights from someone you trust, as safetensors if there is one.":
    "{file}: In Python geöffnet, würde diese Datei {name} ausführen. Hier wurde nichts ausgeführt und nichts davon gelesen: Holen Sie die Gewichte von jemandem, dem Sie trauen, möglichst als safetensors.",
  "{file}: its pickle is cut off; fetch the file again":
    "{file}: Das Pickle ist abgeschnitten; holen Sie die Datei noch einmal",
  "{file}: its pickle is broken at byte {at}: {problem}": "{file}: Das Pickle ist bei Byte {at} beschädigt: {problem}",
  "it ends in the middle of an object": "es endet mitten in einem Objekt",
  "a protocol newer than 5": "ein Protokoll neuer als 5",
  "objects are nested too deeply": "Objekte sind zu tief verschachtelt",
  "a class whose name is no text": "eine Klasse, deren Name kein Text ist",
  "a class with an endless name": "eine Klasse mit endlosem Namen",
  "classes by number (EXT), which only the program that wrote it can name":
    "Klassen nach Nummer (EXT), die nur das schreibende Programm benennen kann",
  "arguments that are no dict": "Argumente, die kein Dict sind",
  "arguments that are no tuple": "Argumente, die kein Tupel sind",
  "attributes for something that has none": "Attribute für etwas, das keine hat",
  "buffers outside the pickle": "Puffer außerhalb des Pickles",
  "unknown instruction 0x{code}": "unbekannter Befehl 0x{code}",
  "a call of something that is no class": "ein Aufruf von etwas, das keine Klasse ist",
  "an object of something that is no class": "ein Objekt von etwas, das keine Klasse ist",
  "a dict of something else than pairs": "ein Dict aus etwas anderem als Paaren",
  "a list of something that has no items": "eine Liste von etwas, das keine Elemente hat",
  "items for something that holds none": "Elemente für etwas, das keine aufnimmt",
  "items for something that is no dict": "Elemente für etwas, das kein Dict ist",
  "an instruction without its objects": "ein Befehl ohne seine Objekte",
  "an instruction without its object": "ein Befehl ohne sein Objekt",
  "an instruction without its mark": "ein Befehl ohne seine Marke",
  "a memo by an impossible number": "ein Merkeintrag unter einer unmöglichen Nummer",
  "it uses an object before it is there": "es benutzt ein Objekt, bevor es da ist",
  "an object of {count} bytes": "ein Objekt von {count} Byte",
  "a text that is not UTF-8": "ein Text, der nicht UTF-8 ist",
  "a text without its quotes": "ein Text ohne Anführungszeichen",
  "bytes that are none": "Bytes, die keine sind",
  "a number of {length} bytes": "eine Zahl von {length} Byte",
  "a number of {length} digits": "eine Zahl mit {length} Ziffern",
  "a number that is none: {text}": "eine Zahl, die keine ist: {text}",
  "it holds more objects than any checkpoint": "es enthält mehr Objekte als jeder Checkpoint",
} as const;

export type Template = keyof typeof GERMAN;
