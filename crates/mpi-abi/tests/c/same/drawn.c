// ranks: 1
/* Operations drawn by a seed on objects without communication: info objects that are set, asked, listed, copied and emptied; error
 * classes, codes and texts; names of objects; keys and attributes of datatypes. A model in the program says what must come of it, so
 * that no library has the last word. */
#include "case.h"

enum { KEYS = 12, STEPS = 400 };

static void told(const char *what, int right)
{
    if (!right)
        say("%s: not as the model has it", what);
}

static void infos(void)
{
    static char values[2][KEYS][40];
    static int there[2][KEYS];
    MPI_Info infos[2];
    MPI_Info_create(&infos[0]);
    MPI_Info_create(&infos[1]);
    for (int step = 0; step < STEPS; step++) {
        int of = draw(2), key = draw(KEYS), flag = -1, number = -1, code;
        char name[MPI_MAX_INFO_KEY], value[64] = "", found[MPI_MAX_INFO_KEY];
        sprintf(name, "key%s%d", key % 3 ? "" : " with a space ", key);
        switch (draw(8)) {
        case 0:
        case 1:
        case 2:
            sprintf(values[of][key], "value %u of %d", draw(100000), key);
            there[of][key] = 1;
            code = MPI_Info_set(infos[of], name, values[of][key]);
            say("%d set `%s` `%s`: %s", step, name, values[of][key], class_of(code));
            break;
        case 3:
            code = MPI_Info_delete(infos[of], name);
            say("%d delete `%s`: %s", step, name, class_of(code));
            told("delete", (code == MPI_SUCCESS) == there[of][key]);
            there[of][key] = 0;
            break;
        case 4:
            code = MPI_Info_get(infos[of], name, 63, value, &flag);
            say("%d get `%s`: %s, %d `%s`", step, name, class_of(code), flag, flag ? value : "");
            told("get", flag == there[of][key] && (!flag || !strcmp(value, values[of][key])));
            break;
        case 5:
            number = 1 + draw(30);
            code = MPI_Info_get_string(infos[of], name, &number, value, &flag);
            say("%d get string `%s`: %s, %d %d `%s`", step, name, class_of(code), flag, flag ? number : 0, flag ? value : "");
            told("get string", flag == there[of][key] && (!flag || number == (int) strlen(values[of][key]) + 1));
            break;
        case 6: {
            MPI_Info copy_of;
            int keys = 0;
            code = MPI_Info_dup(infos[of], &copy_of);
            MPI_Info_get_nkeys(copy_of, &number);
            for (int at = 0; at < KEYS; at++)
                keys += there[of][at];
            say("%d copied: %s, %d keys", step, class_of(code), number);
            told("copied", keys == number);
            for (int at = 0; at < number; at++) {
                MPI_Info_get_nthkey(copy_of, at, found);
                MPI_Info_get_valuelen(copy_of, found, &keys, &flag);
                say("%d key %d is `%s`, %d %d", step, at, found, flag, keys);
            }
            MPI_Info_free(&copy_of);
            break;
        }
        default:
            code = MPI_Info_get_valuelen(infos[of], name, &number, &flag);
            say("%d length of `%s`: %s, %d %d", step, name, class_of(code), flag, flag ? number : 0);
        }
    }
    MPI_Info_free(&infos[0]);
    MPI_Info_free(&infos[1]);
}

static void codes(void)
{
    enum { MOST = 20 };
    int added[MOST], class[MOST], number = 0;
    char texts[MOST][40];
    for (int step = 0; step < STEPS / 4; step++) {
        int code, of = number ? (int) draw(number) : 0, found = -1, length = -1;
        char text[MPI_MAX_ERROR_STRING] = "";
        switch (draw(4)) {
        case 0:
            if (number == MOST)
                break;
            if (number && draw(2)) {
                class[number] = class[of];
                code = MPI_Add_error_code(class[of], &added[number]);
            } else {
                code = MPI_Add_error_class(&added[number]);
                class[number] = added[number];
            }
            texts[number][0] = 0;
            say("%d added: %s, beyond the last %d", step, class_of(code) ? "done" : "", added[number] > MPI_ERR_LASTCODE);
            number++;
            break;
        case 1:
            if (!number)
                break;
            sprintf(texts[of], "text %u", draw(1000));
            code = MPI_Add_error_string(added[of], texts[of]);
            say("%d text of %d: %d", step, of, code == MPI_SUCCESS);
            break;
        default:
            if (!number)
                break;
            code = MPI_Error_string(added[of], text, &length);
            MPI_Error_class(added[of], &found);
            say("%d of %d: %d, `%s` %d", step, of, code == MPI_SUCCESS, text, length);
            told("class", found == class[of]);
            told("text", !strcmp(text, texts[of]));
        }
    }
}

static void names(void)
{
    static const MPI_Datatype known[] = {MPI_INT, MPI_DOUBLE, MPI_BYTE, MPI_FLOAT_INT, MPI_C_DOUBLE_COMPLEX, MPI_AINT, MPI_PACKED,
        MPI_INT8_T, MPI_UINT64_T, MPI_LONG_DOUBLE, MPI_CHAR, MPI_WCHAR, MPI_C_BOOL, MPI_2INT, MPI_COUNT, MPI_OFFSET, MPI_SIGNED_CHAR,
        MPI_UNSIGNED_LONG_LONG, MPI_LONG_LONG_INT, MPI_CHARACTER, MPI_INTEGER, MPI_REAL, MPI_DOUBLE_PRECISION, MPI_COMPLEX, MPI_LOGICAL,
        MPI_2REAL, MPI_2DOUBLE_PRECISION, MPI_2INTEGER, MPI_INTEGER4, MPI_REAL8};
    char name[MPI_MAX_OBJECT_NAME], longer[2 * MPI_MAX_OBJECT_NAME];
    int length;
    for (size_t at = 0; at < sizeof known / sizeof *known; at++) {
        int bytes, ints, places, types, combiner;
        MPI_Type_get_name(known[at], name, &length);
        MPI_Type_size(known[at], &bytes);
        MPI_Type_get_envelope(known[at], &ints, &places, &types, &combiner);
        say("%s: %d, %d bytes, named %d", name, length, bytes, combiner == MPI_COMBINER_NAMED);
    }
    MPI_Datatype type, copy_of;
    MPI_Type_contiguous(3, MPI_INT, &type);
    for (int letters = 0; letters < 2 * MPI_MAX_OBJECT_NAME; letters += 17) {
        memset(longer, 'a' + letters % 26, letters);
        longer[letters] = 0;
        GIVES(MPI_Type_set_name(type, longer));
        MPI_Type_get_name(type, name, &length);
        say("%d letters: %d, %08x", letters, length, hash(name, length));
    }
    MPI_Type_set_name(type, "three");
    MPI_Type_dup(type, &copy_of);
    MPI_Type_get_name(copy_of, name, &length);
    say("a copy: `%s`", name);
    MPI_Type_free(&copy_of);
    MPI_Type_free(&type);
    MPI_Type_set_name(MPI_INT, "whole");
    MPI_Type_get_name(MPI_INT, name, &length);
    say("renamed: `%s`", name);
    MPI_Type_set_name(MPI_INT, "MPI_INT");
}

int main(void)
{
    begin();
    for (int with = 1; with <= 3; with++) {
        seed = with;
        infos();
    }
    codes();
    names();
    return end();
}
