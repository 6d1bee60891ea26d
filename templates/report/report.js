'use strict';
// Shows all groups that the file holds, to search and to filter, in English or French. Everything that the corpus
// says is set as text, never as markup. src/report/html/data.rs says what the data are.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const root = document.documentElement;
  const WORDS = {
    en: {
      language: 'Language', theme: 'Theme', auto: 'as the system', light: 'light', dark: 'dark', print: 'Print',
      title: 'What this corpus says twice', contents: 'Contents',
      ofSource: 'from', // sources are named
      search: 'Search ids, sources and the texts shown', source: 'Source', allSources: 'all sources',
      unit: 'What', units: ['all', 'documents', 'paragraphs', 'passages'],
      kind: 'How alike', kinds: ['all', 'exact', 'near', 'contained'],
      least: 'Similarity, at least (%)', copies: 'Copies, at least', order: 'Order',
      orders: ['most repeated characters', 'most copies', 'most similar', 'least similar', 'as in the corpus'],
      recurring: 'In many documents, templates',
      recurrings: ['all', 'without what is in many documents', 'only what is in many documents', 'templates only'],
      reset: 'Reset', found: (n, all) => `${n} of ${all} repeated texts`, none: 'No repeated text fits these filters.',
      unseen: ([groups, copies, texts, ends]) => `Not looked at, not being on this page: ${[groups && `${num(groups)} repeated ${groups === 1 ? 'text' : 'texts'}`,
        copies && `${num(copies)} ${copies === 1 ? 'copy' : 'copies'}`, texts && `the words of ${num(texts)} listed ${texts === 1 ? 'place' : 'places'}`,
        ends && `the end of ${num(ends)} ${ends === 1 ? 'text' : 'texts'}`].filter(Boolean).join(', ')}; a file of matches (--matches) has all.`,
      previous: 'Previous', next: 'Next', page: (i, n) => `Page ${i} of ${n}`,
      ofDocument: 'a document', ofDocumentParts: 'a document or of parts of it', ofParagraph: 'a paragraph', ofParagraphs: n => `${n} paragraphs`, ofPassage: 'a passage',
      copy: n => n === 1 ? '1 copy' : `${num(n)} copies`, of: (a, b) => `${a} of ${b}`,
      characters: n => n === 1 ? '1 character' : `${num(n)} characters`, inDocuments: n => `in ${num(n)} documents`,
      exact: 'exact', allExact: 'all exact', someExact: n => `${num(n)} exact`, near: () => 'near', contained: () => 'contained',
      containedDocument: 'contained document', containedDocuments: n => `${n === 1 ? '1 document' : `${num(n)} documents`} contained in another`,
      containedParagraphs: n => `${n === 1 ? '1 paragraph' : `${num(n)} paragraphs`} contained in another`, colon: ': ',
      similarity: (a, b) => a === b ? `similarity ${a}` : `similarity ${a} to ${b}`,
      boilerplate: 'in many documents', template: 'template', boilerplateTitle: n => `it, or half of it, stands in ${n} documents or more: often a notice or a menu; look at it`,
      templateTitle: 'alike but for numbers and names', original: 'Original', copyName: 'Copy',
      record: n => `record ${num(n)}`, id: 'id', whole: 'whole document',
      paragraph: n => `paragraph ${num(n)}`, paragraphs: (a, b) => `paragraphs ${num(a)}-${num(b)}`,
      paragraphPart: (n, a, b) => `paragraph ${num(n)} (characters ${num(a)}-${num(b)})`,
      from: n => ` (from character ${num(n)})`, upto: n => ` (up to character ${num(n)})`,
      fromTo: (a, b) => `paragraphs ${a} to ${b}`,
      repeats: (a, b, several) => `${a} ${several ? 'repeat' : 'repeats'} ${b}`, the: told => told, sameDocument: 'the same document',
      levels: ['', 'the same text, letter for letter', 'the same text; only spacing or line breaks differ',
        'the same words; only case, punctuation, spacing or the form of characters differ', ''],
      explained: (p, q) => `Told with it: ${[p && (p === 1 ? '1 passage' : `${num(p)} passages`), q && (q === 1 ? '1 paragraph' : `${num(q)} paragraphs`)].filter(Boolean).join(' and ')} that stood before`,
      choose: 'Copy to compare with the original', link: 'Scroll together', sideOriginal: 'Text of the original', sideCopy: 'Text of the copy',
      goesOn: n => `The text goes on: its first ${n === 1 ? 'character is' : `${num(n)} characters are`} shown.`,
      noText: 'The texts of this group are not in this file, which would be too large; here are its places.',
      noPair: 'The text of this copy is not in this file, which has those of the first copies.',
      more: n => n === 1 ? '1 more copy is not listed.' : `${num(n)} more copies are not listed.`,
      stood: (p, a, b) => `${p} stood before: ${num(a)} of ${num(b)} characters`, pieces: n => n === 1 ? '1 piece' : `${num(n)} pieces`,
      after: told => `${told} after the original`, before: told => `${told} before the original`, sameDate: 'of the same date as the original',
      delays: { second: n => n === 1 ? '1 second' : `${num(n)} seconds`, minute: n => `${num(n)} minutes`, hour: n => `${num(n)} hours`, day: n => `${num(n)} days` },
      under: 'under ', level: 'Threshold', at: (level, own) => `At ${level}${own ? ', as in this report' : ''}:`,
      told: (name, [o, e, n, c]) => `${name}: ${num(o)} ${o === 1 ? 'original' : 'originals'}, ${num(e + n + c)} ${e + n + c === 1 ? 'copy' : 'copies'} (${num(e)} exact, ${num(n)} near, ${num(c)} contained)`,
      documents: 'documents', paragraphsName: 'paragraphs', coming: next => `Copies here that would be none at ${next}, the longest of them:`,
      morePieces: n => `and ${num(n)} more`, removed: 'only in the original: ', added: 'only in the copy: ', end: '. ',
    },
    fr: {
      language: 'Langue', theme: 'Thème', auto: 'celui du système', light: 'clair', dark: 'sombre', print: 'Imprimer',
      title: 'Ce que ce corpus dit deux fois', contents: 'Sommaire',
      ofSource: 'de', // sources are named
      search: 'Chercher dans les identifiants, les sources et les textes montrés', source: 'Source', allSources: 'toutes les sources',
      unit: 'Quoi', units: ['tout', 'documents', 'paragraphes', 'passages'],
      kind: 'Ressemblance', kinds: ['toutes', 'exactes', 'proches', 'contenues'],
      least: 'Similarité, au moins (%)', copies: 'Copies, au moins', order: 'Ordre',
      orders: ['caractères répétés', 'nombre de copies', 'plus semblables', 'moins semblables', 'ordre du corpus'],
      recurring: 'Dans beaucoup de documents, modèles',
      recurrings: ['tout', 'sans ce qui est dans beaucoup de documents', 'seulement ce qui est dans beaucoup de documents', 'modèles seulement'],
      reset: 'Réinitialiser', found: (n, all) => `Textes répétés : ${n} sur ${all}`, none: 'Aucun texte répété ne passe ces filtres.',
      unseen: ([groups, copies, texts, ends]) => `N’a pas été examiné, faute de figurer dans cette page : ${[groups && `${num(groups)} ${groups < 2 ? 'texte répété' : 'textes répétés'}`,
        copies && `${num(copies)} ${copies < 2 ? 'copie' : 'copies'}`, texts && `les mots de ${num(texts)} ${texts < 2 ? 'endroit listé' : 'endroits listés'}`,
        ends && `la fin de ${num(ends)} ${ends < 2 ? 'texte' : 'textes'}`].filter(Boolean).join(', ')} ; le fichier des rapprochements (--matches) contient tout.`,
      previous: 'Précédente', next: 'Suivante', page: (i, n) => `Page ${i} sur ${n}`,
      ofDocument: 'd’un document', ofDocumentParts: 'd’un document ou de ses parties', ofParagraph: 'd’un paragraphe', ofParagraphs: n => `de ${n} paragraphes`, ofPassage: 'd’un passage',
      copy: n => n < 2 ? `${n} copie` : `${num(n)} copies`, of: (a, b) => `${a} ${b}`,
      characters: n => n < 2 ? `${n} caractère` : `${num(n)} caractères`, inDocuments: n => `dans ${num(n)} documents`,
      exact: 'exacte', allExact: 'toutes exactes', someExact: n => n < 2 ? `${n} exacte` : `${num(n)} exactes`, near: n => n < 2 ? 'proche' : 'proches', contained: n => n < 2 ? 'contenue' : 'contenues',
      containedDocument: 'document contenu', containedDocuments: n => n < 2 ? `${n} document contenu dans un autre` : `${num(n)} documents contenus dans un autre`,
      containedParagraphs: n => n < 2 ? `${n} paragraphe contenu dans un autre` : `${num(n)} paragraphes contenus dans un autre`, colon: ' : ',
      similarity: (a, b) => a === b ? `similarité ${a}` : `similarité de ${a} à ${b}`,
      boilerplate: 'dans beaucoup de documents', template: 'modèle', boilerplateTitle: n => `présent, au moins pour moitié, dans ${n} documents ou plus : souvent une mention ou un menu ; à regarder`,
      templateTitle: 'semblables aux nombres et aux noms près', original: 'Original', copyName: 'Copie',
      record: n => `enregistrement ${num(n)}`, id: 'id', whole: 'document entier',
      paragraph: n => `paragraphe ${num(n)}`, paragraphs: (a, b) => `paragraphes ${num(a)}-${num(b)}`,
      paragraphPart: (n, a, b) => `paragraphe ${num(n)} (caractères ${num(a)}-${num(b)})`,
      from: n => ` (à partir du caractère ${num(n)})`, upto: n => ` (jusqu’au caractère ${num(n)})`,
      fromTo: (a, b) => `paragraphes ${a} à ${b}`,
      repeats: (a, b, several) => `${a} ${several ? 'répètent' : 'répète'} ${b}`, the: (told, several) => `${several ? 'les' : 'le'} ${told}`, sameDocument: 'le même document',
      levels: ['', 'le même texte, lettre pour lettre', 'le même texte ; seuls les espaces ou les retours à la ligne diffèrent',
        'les mêmes mots ; seules la casse, la ponctuation, les espaces ou la forme des caractères diffèrent', ''],
      explained: (p, q) => `Avec elle, ${p + q < 2 ? 'déjà présent' : 'déjà présents'} : ${[p && (p === 1 ? '1 passage' : `${num(p)} passages`), q && (q === 1 ? '1 paragraphe' : `${num(q)} paragraphes`)].filter(Boolean).join(' et ')}`,
      choose: 'Copie à comparer avec l’original', link: 'Faire défiler ensemble', sideOriginal: 'Texte de l’original', sideCopy: 'Texte de la copie',
      goesOn: n => n < 2 ? 'Le texte continue : son premier caractère est montré.' : `Le texte continue : ses ${num(n)} premiers caractères sont montrés.`,
      noText: 'Les textes de ce groupe ne sont pas dans ce fichier, qui serait trop grand ; voici leurs places.',
      noPair: 'Le texte de cette copie n’est pas dans ce fichier, qui a ceux des premières copies.',
      more: n => n < 2 ? `${n} autre copie n’est pas listée.` : `${num(n)} autres copies ne sont pas listées.`,
      stood: (p, a, b) => a < 2 ? `Déjà présent, ${p} : ${num(a)} caractère sur ${num(b)}` : `Déjà présents, ${p} : ${num(a)} caractères sur ${num(b)}`, pieces: n => n < 2 ? `${n} morceau` : `${num(n)} morceaux`,
      after: told => `${told} après l’original`, before: told => `${told} avant l’original`, sameDate: 'de la même date que l’original',
      delays: { second: n => n < 2 ? `${n} seconde` : `${num(n)} secondes`, minute: n => `${num(n)} minutes`, hour: n => `${num(n)} heures`, day: n => `${num(n)} jours` },
      under: 'moins de ', level: 'Seuil', at: (level, own) => `À ${level}${own ? ', comme dans ce rapport' : ''} :`,
      told: (name, [o, e, n, c]) => `${name} : ${num(o)} ${o < 2 ? 'original' : 'originaux'}, ${num(e + n + c)} ${e + n + c < 2 ? 'copie' : 'copies'} (${num(e)} ${e < 2 ? 'exacte' : 'exactes'}, ${num(n)} ${n < 2 ? 'proche' : 'proches'}, ${num(c)} ${c < 2 ? 'contenue' : 'contenues'})`,
      documents: 'documents', paragraphsName: 'paragraphes', coming: next => `Copies ici qui n’en seraient pas à ${next}, les plus longues :`,
      morePieces: n => `et ${num(n)} de plus`, removed: 'seulement dans l’original : ', added: 'seulement dans la copie : ', end: '. ',
    },
  };
  const PAGE = 50;
  let language = (navigator.languages || [navigator.language]).find(l => /^(en|fr)\b/i.test(l)) || 'en';
  language = language.slice(0, 2).toLowerCase();
  let t = WORDS[language];
  let format = new Intl.NumberFormat(language);
  const num = n => format.format(n);

  // An element with attributes and children; strings become text.
  const make = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key === 'on') for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
      else if (value === true) element.setAttribute(key, '');
      else if (value !== false && value != null) element.setAttribute(key, value);
    }
    element.append(...children.filter(child => child != null && child !== ''));
    return element;
  };
  const svg = (name, attributes, ...children) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const share = thousandths => new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
    .format(Math.floor(thousandths / 10) / 100);
  const percent = (part, whole) => {
    // to one decimal; something is never 0, and all is never less, as on the rest of the page
    const value = !whole || part <= 0 ? 0 : part >= whole ? 100 : Math.min(Math.max(part * 100 / whole, 0.1), 99.9);
    const isSmall = value > 0 && part * 1000 < whole;
    const digits = { minimumFractionDigits: value % 100 ? 1 : 0, maximumFractionDigits: 1 };
    return `${isSmall ? t.under : ''}${new Intl.NumberFormat(language, digits).format(value)}\u202f%`;
  };
  // dates that a calendar knows; times in UTC
  let dateFormat = null;
  const dateOf = number => {
    const seconds = data.dates ? data.dates[number] : null;
    return seconds != null && Math.abs(seconds) <= 8.64e12 ? new Date(seconds * 1000) : null;
  };
  const delayOf = (copy, original) => {
    if (!data.dates || copy === original || data.dates[copy] == null || data.dates[original] == null) return '';
    const seconds = data.dates[copy] - data.dates[original];
    if (!seconds) return t.sameDate;
    const amount = Math.abs(seconds);
    const [unit, size] = amount < 120 ? ['second', 1] : amount < 7200 ? ['minute', 60] : amount < 172800 ? ['hour', 3600] : ['day', 86400];
    return (seconds > 0 ? t.after : t.before)(t.delays[unit](Math.floor(amount / size)));
  };
  const place = number => {
    const [source, record, id] = data.documents[number];
    const told = make('span', { class: 'place' }, make('bdi', { class: 'source' }, data.sources[source]));
    if (record) told.append(', ' + t.record(record));
    if (id != null) told.append(`, ${t.id} `, make('bdi', { class: 'id' }, id));
    if (data.from[number] != null) told.append(`, ${t.ofSource} `, make('bdi', { class: 'source' }, data.named[data.from[number]])); // sources are named
    const date = dateOf(number);
    if (date != null) told.append(', ', make('time', { datetime: date.toISOString() }, dateFormat.format(date)));
    return told;
  };
  const extent = ([what, first, last, from, upto]) => {
    if (what === 0) return t.whole;
    if (first === last) return from || upto ? t.paragraphPart(first, from, upto) : t.paragraph(first);
    if (!from && !upto) return t.paragraphs(first, last);
    return t.fromTo(num(first) + (from ? t.from(from) : ''), num(last) + (upto ? t.upto(upto) : ''));
  };
  const several = ([what, first, last]) => what > 0 && first < last;
  const repeats = (copy, original) => copy[0] === 0 && original[0] === 0 ? t.whole
    : t.repeats(extent(copy), t.the(extent(original), several(original)), several(copy));
  const likeness = (kind, [low, high]) => kind === 0 ? t.exact : kind === 2 ? t.contained(1) : t.similarity(share(low), share(high));

  // --- the groups, to search and to filter
  const groups = data.groups;
  // what is left out is what is most often
  for (const group of groups) {
    group.x ||= [0, 0, 0, 0, 0]; group.s ||= [1000, 1000]; group.f ||= 0;
    for (const copy of group.k) { copy.x ||= [0, 0, 0, 0, 0]; copy.s ||= [1000, 1000]; copy.k ||= 0; copy.l ||= 0; }
  }
  // passages that are whole paragraphs are both to whoever asks
  const isUnit = (extent, unit) => extent[0] === unit - 1 || unit === 2 && extent[0] === 2 && !extent[3] && !extent[4];
  const isOf = (group, unit) => isUnit(group.x, unit) || group.k.some(copy => isUnit(copy.x, unit));
  let haystacks = null;
  const haystack = number => {
    haystacks ||= new Array(groups.length);
    if (haystacks[number] === undefined) {
      const group = groups[number];
      const parts = [group.t && group.t.t ? group.t.t : group.e];
      for (const at of [group.d, ...group.k.map(copy => copy.d)]) {
        const [source, , id] = data.documents[at];
        parts.push(data.sources[source]);
        if (id != null) parts.push(id);
        if (data.from[at] != null) parts.push(data.named[data.from[at]]); // sources are named
      }
      for (const copy of group.k) if (copy.p && copy.p.c.t) parts.push(copy.p.c.t);
      haystacks[number] = fold(parts.join('\n'));
    }
    return haystacks[number];
  };
  // accents and vowel points are no part of what is sought; marks of other scripts, and what makes another syllable, are
  const MARKS = /[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]/g;
  const fold = text => text.normalize('NFKD').replace(MARKS, '').normalize('NFC').replace(/[\u2018\u2019\u02bc]/g, "'").replace(/\s+/g, ' ').toLowerCase();
  const ALL = { text: '', source: '', unit: 0, kind: 0, least: 0, copies: 1, recurring: 0, order: 0 };
  const filters = { ...ALL };
  let shown = [];
  let page = 0;
  const isFrom = (group, source) => data.from[group.d] === source || group.k.some(copy => data.from[copy.d] === source); // sources are named
  const fits = (group, number) => {
    const { source, unit, kind } = filters;
    if (unit && !isOf(group, unit)) return false;
    if (kind === 1 && !group.n[1]) return false;
    if (kind === 2 && !(group.f & 8)) return false;
    if (kind === 3 && !(group.f & 4)) return false;
    if ((group.n[1] ? 1000 : group.s[1]) < filters.least * 10 || group.n[0] < filters.copies) return false;
    if (filters.recurring === 1 && group.f & 1) return false;
    if (filters.recurring === 2 && !(group.f & 1)) return false;
    if (filters.recurring === 3 && !(group.f & 2)) return false;
    if (source >= data.sources.length) return isFrom(group, source - data.sources.length) && (filters.text === '' || haystack(number).includes(filters.text)); // sources are named
    if (source !== '' && data.documents[group.d][0] !== source && !group.k.some(copy => data.documents[copy.d][0] === source)) return false;
    return filters.text === '' || haystack(number).includes(filters.text);
  };
  const ORDERS = [
    null,
    (a, b) => groups[b].n[0] - groups[a].n[0],
    (a, b) => groups[b].s[0] - groups[a].s[0],
    (a, b) => groups[a].s[0] - groups[b].s[0],
    (a, b) => groups[a].d - groups[b].d,
  ];
  const corpusOrder = new Map();
  const select = () => {
    shown = [];
    for (let i = 0; i < groups.length; i++) if (fits(groups[i], i)) shown.push(i);
    const order = ORDERS[filters.order];
    if (filters.order === 4) {
      if (!corpusOrder.size) {
        const keys = data.documents.map((document, i) => [document[0], document[1], i]);
        keys.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
        keys.forEach((key, at) => corpusOrder.set(key[2], at));
      }
      const at = i => corpusOrder.get(groups[i].d);
      shown.sort((a, b) => at(a) - at(b) || groups[a].x[1] - groups[b].x[1] || a - b);
    } else if (order) shown.sort((a, b) => order(a, b) || a - b);
  };

  const host = document.getElementById('groups');
  let list, status, pager;
  let unseen = null;
  const control = (label, element) => make('label', {}, make('span', {}, label), element);
  const choice = (name, options, value, changed) => {
    const element = make('select', { name, on: { change: () => changed(element.value) } });
    options.forEach(([key, label]) => element.append(make('option', { value: key }, label)));
    element.value = String(value);
    return element;
  };
  const apply = () => { page = 0; select(); drawList(); };
  let timer = 0;
  const typed = input => { clearTimeout(timer); timer = setTimeout(() => { filters.text = fold(input.value.trim()); apply(); }, 150); };
  let query = '';
  const clear = () => { clearTimeout(timer); Object.assign(filters, ALL); query = ''; };
  const drawFilters = () => {
    const set = (name, number) => value => { filters[name] = number ? Number(value) : value; apply(); };
    const numbered = labels => labels.map((label, i) => [i, label]);
    const search = make('input', { type: 'search', name: 'search', value: query, autocomplete: 'off', on: { input: () => { query = search.value; typed(search); } } });
    const amount = (name, min, max) => {
      const input = make('input', { type: 'number', name, min, max, step: 1, value: filters[name], on: { input: () => {
        filters[name] = Math.max(min, Number(input.value) || min); apply();
      } } });
      return input;
    };
    const sources = [['', t.allSources], ...data.sources.map((name, i) => [i, name.length > 60 ? name.slice(0, 28) + '…' + name.slice(-30) : name])];
    const form = make('form', { class: 'filters', role: 'search', on: { submit: event => event.preventDefault() } },
      control(t.search, search));
    data.named.forEach((name, i) => sources.splice(i + 1, 0, [data.sources.length + i, name.slice(0, 60)])); // sources are named
    if (data.sources.length === 1 && data.named.length > 1) form.append(control(t.source, choice('source', sources.slice(0, Math.min(data.named.length, 5000) + 1), filters.source, value => set('source')(value === '' ? '' : Number(value))))); // sources are named
    if (data.sources.length > 1) {
      form.append(control(t.source, choice('source', sources.slice(0, 5001), filters.source, value => set('source')(value === '' ? '' : Number(value)))));
    }
    form.append(
      control(t.unit, choice('unit', numbered(t.units), filters.unit, set('unit', true))),
      control(t.kind, choice('kind', numbered(t.kinds), filters.kind, set('kind', true))),
      control(t.least, amount('least', 0, 100)),
      control(t.copies, amount('copies', 1, 1e9)),
      control(t.recurring, choice('recurring', numbered(t.recurrings), filters.recurring, set('recurring', true))),
      control(t.order, choice('order', numbered(t.orders), filters.order, set('order', true))),
      make('button', { type: 'button', name: 'reset', on: { click: () => {
        clear(); draw(); host.querySelector('input').focus();
      } } }, t.reset));
    status = make('p', { class: 'note', role: 'status', id: 'found' });
    list = make('div', { class: 'list' });
    pager = make('nav', { class: 'pager', 'aria-label': t.order });
    host.replaceChildren(form, status, list, pager);
  };
  const drawList = () => {
    status.textContent = shown.length ? t.found(num(shown.length), num(groups.length)) : t.none;
    if (filters.text !== '' || filters.source !== '') {
      unseen ||= groups.reduce(([copies, texts, ends], { n, t: text, k }) => [
        copies + n[0] - k.length,
        texts + (text ? 0 : 1) + k.filter(copy => !copy.l).length,
        ends + (text && text.c ? 1 : 0) + k.filter(copy => copy.p && copy.p.c.t && copy.p.c.c).length,
      ], [0, 0, 0]);
      const missing = [data.groupCount - groups.length, unseen[0], ...filters.text === '' ? [0, 0] : unseen.slice(1)];
      if (missing.some(Boolean)) status.append(shown.length ? '. ' : ' ', t.unseen(missing));
    }
    list.replaceChildren(...shown.slice(page * PAGE, (page + 1) * PAGE).map(groupRow));
    const pages = Math.ceil(shown.length / PAGE);
    const turn = by => () => {
      page += by; drawList(); host.scrollIntoView();
      const first = list.querySelector('summary');
      if (first) first.focus({ preventScroll: true });
    };
    pager.setAttribute('aria-label', t.page(num(page + 1), num(pages)));
    pager.replaceChildren(...pages < 2 ? [] : [
      make('button', { type: 'button', name: 'previous', disabled: page === 0, on: { click: turn(-1) } }, t.previous),
      make('span', {}, t.page(num(page + 1), num(pages))),
      make('button', { type: 'button', name: 'next', disabled: page + 1 >= pages, on: { click: turn(1) } }, t.next)]);
  };
  const titleOf = (group, rank) => {
    const [count, exact, characters, documents] = group.n;
    const paragraphs = group.x[2] - group.x[1] + 1;
    const isPart = group.x[0] === 2 && (group.x[3] || group.x[4]);
    const where = documents > 2 ? ', ' + t.inDocuments(documents) : '';
    const end = t.colon + t.characters(characters) + where;
    const isDocument = copy => copy.x[0] === 0;
    if (group.k.length === count && group.k.every(copy => copy.k === 2 && isDocument(copy) === isDocument(group.k[0]))) {
      return `${num(rank + 1)}. ${(isDocument(group.k[0]) ? t.containedDocuments : t.containedParagraphs)(count)}${end}`;
    }
    const contained = group.k.some(copy => copy.k === 2 && isDocument(copy)) ? t.containedDocument : t.contained(count - exact);
    const what = group.x[0] === 0 ? (group.k.some(copy => !isDocument(copy)) ? t.ofDocumentParts : t.ofDocument) : isPart ? t.ofPassage : paragraphs === 1 ? t.ofParagraph : t.ofParagraphs(num(paragraphs));
    const kinds = exact === count ? (count === 1 ? t.exact : t.allExact)
      : [exact ? t.someExact(exact) : '', group.f & 4 ? contained : '', !(group.f & 8) ? '' : group.s[0] < 1000 ? t.similarity(share(group.s[0]), share(group.s[1])) : t.near(count - exact)].filter(Boolean).join(', ');
    return `${num(rank + 1)}. ${t.of(t.copy(count), what)}, ${kinds}${end}`;
  };
  const groupRow = number => {
    const group = groups[number];
    const heading = make('h3', {}, titleOf(group, number));
    if (group.f & 1) heading.append(' ', make('span', { class: 'tag', title: t.boilerplateTitle(num(data.boilerplate)) }, t.boilerplate));
    if (group.f & 2) heading.append(' ', make('span', { class: 'tag', title: t.templateTitle }, t.template));
    const row = make('details', { class: 'group', id: `g${number + 1}`, 'data-number': number },
      make('summary', {}, heading, make('p', { class: 'excerpt', dir: 'auto', lang: '' }, group.e)));
    // what is opened can be pointed to
    row.firstChild.addEventListener('click', () => { if (!row.open) history.replaceState(null, '', `#g${number + 1}`); });
    row.addEventListener('toggle', () => {
      if (row.open && row.children.length === 1) row.append(inside(group, number));
    });
    return row;
  };
  const inside = (group, number) => {
    const box = make('div', { class: 'inside' });
    box.append(make('h4', {}, make('b', {}, t.original), ' ', place(group.d), t.colon + extent(group.x)));
    const told = group.k.map((copy, at) => {
      const item = make('li', {}, make('b', {}, `${t.copyName} ${num(at + 1)}`), ' ', place(copy.d),
        copy.d === group.d ? ` (${t.sameDocument})` : '', t.colon + repeats(copy.x, copy.o || group.x) + ', ');
      item.append(make('span', { class: 'likeness' }, copy.l > 0 && copy.l < 4 ? t.levels[copy.l] : likeness(copy.k, copy.s)));
      const delay = delayOf(copy.d, group.d);
      if (delay) item.append(', ', make('span', { class: 'delay' }, delay));
      if (copy.i) item.append(make('div', { class: 'note' }, t.explained(...copy.i)));
      return item;
    });
    const copies = make('ul', { class: 'copies', 'aria-label': t.copy(group.n[0]) }, ...told);
    const unlisted = group.n[0] - group.k.length;
    box.append(copies);
    // once it is on the page: what scrolls can be reached by the keyboard
    requestAnimationFrame(() => { if (copies.scrollHeight > copies.clientHeight) copies.tabIndex = 0; });
    if (unlisted > 0) box.append(make('p', { class: 'note' }, t.more(unlisted)));
    if (!group.t) {
      box.append(make('p', { class: 'note' }, t.noText));
      return box;
    }
    const view = make('div', { class: 'compared' });
    const show = at => view.replaceChildren(...pair(group, group.k[at]));
    if (group.k.length > 1) {
      const name = `compare-${number}`;
      const chooser = choice(name, group.k.map((copy, at) => {
        const [source, record, id] = data.documents[copy.d];
        if (data.from[copy.d] != null) return [at, `${num(at + 1)}. ${data.named[data.from[copy.d]]}: ${data.sources[source]}${record ? ', ' + t.record(record) : ''}${id != null ? `, ${t.id} ${id}` : ''}`.slice(0, 120)]; // sources are named
        return [at, `${num(at + 1)}. ${data.sources[source]}${record ? ', ' + t.record(record) : ''}${id != null ? `, ${t.id} ${id}` : ''}`.slice(0, 120)];
      }), 0, value => show(Number(value)));
      box.append(make('p', { class: 'chooser' }, control(t.choose, chooser)));
    }
    box.append(view);
    show(0);
    return box;
  };

  // --- two texts side by side, scrolled together
  let linked = true;
  const pair = (group, copy) => {
    const isShown = copy.l > 0;
    const original = copy.p && copy.p.o ? copy.p.o : group.t;
    const other = copy.p ? copy.p.c : { t: null };
    const differences = copy.p ? copy.p.r : [];
    const texts = [original.t, other.t == null ? original.t : other.t];
    const sides = [[], []];
    const at = [0, 0];
    const panes = [t.sideOriginal, t.sideCopy].map((label, side) =>
      make('div', { class: 'text pane', dir: 'auto', lang: '', tabindex: 0, role: 'group', 'aria-label': label, 'data-side': side }));
    const anchor = (side, element) => { panes[side].append(element); sides[side].push(element); };
    const surroundings = [original, other];
    const around = which => {
      // where just one side has something, the other has an empty anchor
      if (surroundings.some(text => text[which])) surroundings.forEach((text, side) => anchor(side, make('bdi', { class: 'around' }, text[which] || '')));
    };
    around('b');
    // blank lines at the start would leave a pane empty
    const begun = (side, text) => panes[side].children.length ? text : text.replace(/^(?:[^\S\n]*\n)+/, '');
    const same = ends => ends.forEach((end, side) => { anchor(side, make('span', {}, begun(side, texts[side].slice(at[side], end)))); at[side] = end; });
    for (const [a, b, c, d] of differences) {
      same([a, c]);
      [[b, 'del', t.removed], [d, 'ins', t.added]].forEach(([length, name, word], side) => {
        if (length) panes[side].append(make(name, {}, make('span', { class: 'hidden' }, word), texts[side].slice(at[side], at[side] + length), make('span', { class: 'hidden' }, t.end)));
        at[side] += length;
      });
    }
    same([texts[0].length, texts[1].length]);
    around('a');
    let driven = null;
    panes.forEach((pane, side) => pane.addEventListener('scroll', () => {
      if (driven === pane) { driven = null; return; }
      if (!linked) return;
      const target = panes[1 - side];
      const before = target.scrollTop;
      if (pane.scrollTop + pane.clientHeight >= pane.scrollHeight - 1) target.scrollTop = target.scrollHeight;
      else {
        const [own, its] = [sides[side], sides[1 - side]];
        let low = 0;
        let high = own.length - 1;
        while (low < high) {
          const middle = (low + high + 1) >> 1;
          if (own[middle].offsetTop <= pane.scrollTop) low = middle; else high = middle - 1;
        }
        const part = (pane.scrollTop - own[low].offsetTop) / Math.max(1, own[low].offsetHeight);
        target.scrollTop = its[low].offsetTop + Math.min(part, 1) * its[low].offsetHeight;
      }
      if (target.scrollTop !== before) driven = target;
    }));
    const link = make('input', { type: 'checkbox', name: 'linked', on: { change: () => { linked = link.checked; } } });
    link.checked = linked;
    // what equals the original to the letter goes on where that does
    const cut = [original.c, other.t == null ? original.c : other.c].map(n => n ? make('p', { class: 'note' }, t.goesOn(n)) : null);
    const column = side => make('div', {}, make('h5', {}, side ? t.copyName : t.original), panes[side], cut[side]);
    if (!isShown) return [make('p', { class: 'note' }, t.noPair), make('div', {}, make('h5', {}, t.original), panes[0], cut[0])];
    return [make('p', { class: 'link' }, make('label', {}, link, ' ', t.link)), make('div', { class: 'pair' }, column(0), column(1))];
  };

  // --- documents with copied text
  const COLOURS = 6;
  const drawDocuments = () => {
    const bars = document.getElementById('bars');
    if (!bars) return;
    bars.replaceChildren(...data.partly.map(one => {
      const [characters, copied] = one.n;
      const told = t.stood(percent(copied, characters), copied, characters);
      const colours = new Map();
      const colour = d => { if (!colours.has(d)) colours.set(d, colours.size % COLOURS + 1); return colours.get(d); };
      const scale = at => at * 1000 / Math.max(1, characters);
      const bar = svg('svg', { class: 'bar', viewBox: '0 0 1000 10', preserveAspectRatio: 'none', role: 'img', 'aria-label': told });
      const mark = ([start, end], name) => bar.append(svg('rect', { x: scale(start), width: Math.max(1, scale(end) - scale(start)), height: 10, class: name }));
      one.q.forEach(part => mark(part, 'k0'));
      one.k.forEach(piece => mark(piece.q, 'k' + colour(piece.d)));
      const pieces = one.k.map(piece => make('li', {},
        svg('svg', { class: 'key', viewBox: '0 0 10 10', 'aria-hidden': 'true' }, svg('rect', { width: 10, height: 10, class: 'k' + colour(piece.d) })), ' ',
        repeats(piece.x, piece.o) + ' — ', piece.d === one.d ? t.sameDocument : place(piece.d), t.colon + likeness(piece.k, piece.s)));
      if (one.m > one.k.length) pieces.push(make('li', {}, t.morePieces(one.m - one.k.length)));
      return make('article', { class: 'document' }, make('h3', {}, place(one.d)), bar,
        make('details', {}, make('summary', { class: 'note' }, `${told}, ${t.pieces(one.m)}`), make('ul', { class: 'note pieces' }, ...pieces)));
    }));
  };

  // --- other thresholds
  let level = data.whatIf ? data.whatIf.levels.findIndex(one => one[0] === data.whatIf.own) : 0;
  const drawLevels = () => {
    const host = document.getElementById('levels');
    if (!host || !data.whatIf) return;
    const { levels, coming, own } = data.whatIf;
    host.hidden = false;
    const threshold = at => new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 9 }).format(levels[at][0]);
    const told = make('div', { id: 'at-level', role: 'status' });
    const show = () => {
      const [value, documents, paragraphs] = levels[level];
      const items = coming[level].map(one => make('li', {}, place(one.d), one.d === one.o ? ` (${t.sameDocument})` : '', t.colon + repeats(one.x, one.y),
        ' — ', one.d === one.o ? t.sameDocument : place(one.o), t.colon + t.similarity(share(one.s), share(one.s))));
      input.setAttribute('aria-valuetext', threshold(level));
      told.replaceChildren(make('p', {}, make('b', {}, t.at(threshold(level), value === own))),
        make('ul', {}, make('li', {}, t.told(t.documents, documents)), make('li', {}, t.told(t.paragraphsName, paragraphs))),
        ...items.length && level + 1 < levels.length ? [make('p', { class: 'note' }, t.coming(threshold(level + 1))), make('ul', { class: 'note coming' }, ...items)] : []);
    };
    const input = make('input', { type: 'range', name: 'level', min: 0, max: levels.length - 1, step: 1, value: level, on: { input: () => { level = Number(input.value); show(); } } });
    host.replaceChildren(control(t.level, input), told);
    show();
  };

  // --- language, theme
  const controls = document.getElementById('controls');
  let theme = '';
  const drawControls = () => {
    controls.hidden = false;
    controls.replaceChildren(
      control(t.language, choice('language', [['en', 'English'], ['fr', 'Français']], language, value => { language = value; draw(); goTo(); controls.querySelector('[name=language]').focus(); })),
      control(t.theme, choice('theme', [['', t.auto], ['light', t.light], ['dark', t.dark]], theme, value => {
        theme = value;
        if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
      })),
      make('button', { type: 'button', name: 'print', on: { click: () => window.print() } }, t.print));
  };
  // `#g12` is group 12, whatever was sought before
  const goTo = () => {
    const number = Number((/^#g(\d+)$/.exec(location.hash) || [])[1]) - 1;
    if (!groups[number]) return false;
    if (query !== '' || !shown.includes(number)) { clear(); draw(); }
    const its = Math.floor(shown.indexOf(number) / PAGE);
    if (page !== its) { page = its; drawList(); }
    const row = document.getElementById(`g${number + 1}`);
    row.open = true;
    row.scrollIntoView();
    row.firstChild.focus({ preventScroll: true });
    return true;
  };
  // what was read stands behind the title
  const read = document.title.split(/: (.*)/s)[1];
  const draw = () => {
    t = WORDS[language];
    format = new Intl.NumberFormat(language);
    if (data.dates) dateFormat = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
    root.lang = language;
    root.dataset.language = language;
    document.title = read ? t.title + t.colon + read : t.title;
    document.getElementById('contents').setAttribute('aria-label', t.contents);
    drawControls();
    drawDocuments();
    drawLevels();
    if (groups.length) { drawFilters(); select(); page = 0; drawList(); }
  };
  for (const name of ['static-groups', 'static-documents']) {
    const element = document.getElementById(name);
    if (element) element.remove();
  }
  host.hidden = groups.length === 0;
  const bars = document.getElementById('bars');
  if (bars) bars.hidden = false;
  draw();
  window.addEventListener('hashchange', goTo);
  const first = list && list.querySelector('details');
  if (!goTo() && first) first.open = true;
})();
